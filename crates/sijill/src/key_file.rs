//! Key files: lines of text, readable by their owner alone.
//!
//! ```text
//! sijill-service-key@v1 BASE64          the service master, 32 bytes
//! sijill-operator-key@v1 NAME BASE64    an operator's Ed25519 seed, 32 bytes
//! sijill-vault-key@v1 BASE64            what opens the vaults of contacts, 32 bytes
//! sijill-contact-key@v1 BASE64          the master under which a roster's contacts are sealed, 32 bytes; earlier
//!                                       versions wrote it, and what they wrote is read
//! sijill-stratum-keys@v1                the keys of sealed strata; then one line `STRATUM BASE64` each, 32 bytes, in
//!                                       the definition's order
//! ```
//!
//! A passphrase is a file too: its first line, readable by its owner alone.
//!
//! Keys of a service, an operator or a vault are never written over; what a roster is made with is, until it is committed to.

use crate::durable_file::{self, Access};
use crate::fault::{Fault, input};
use anyhow::{Context, Result};
use data_encoding::BASE64;
use sijill_ledger::SecretKey;
use sijill_ledger::note::VerifierKey;
use sijill_poll::definition::Definition;
use sijill_server::keys::MasterKey;
use std::io::ErrorKind;
use std::path::Path;
use zeroize::Zeroizing;

const SERVICE: &str = "sijill-service-key@v1";
const OPERATOR: &str = "sijill-operator-key@v1";
const VAULT: &str = "sijill-vault-key@v1";
const CONTACT: &str = "sijill-contact-key@v1";
const STRATA: &str = "sijill-stratum-keys@v1";

/// Longest file of one key in bytes: words, a name of 255 bytes, and base64 of 32 bytes.
const KEY_FILE_BYTES_MAX: u64 = 512;

/// Longest file of stratum keys in bytes: 1,000 strata with ids of 40 bytes and base64 of 32 bytes, and a first line.
const STRATUM_KEYS_BYTES_MAX: u64 = 128 * 1024;

/// The key of an operator or a sender, with the name it signs under.
#[derive(Debug, Clone)]
pub struct SigningKey {
    /// Whom to expect signatures from.
    pub verifier: VerifierKey,
    /// What signs them.
    pub secret: SecretKey,
}

/// 32 bytes that nobody else has.
pub fn random() -> Result<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice()).context("the system gives no random numbers")?;
    Ok(bytes)
}

/// Makes a service master, unless there is one; says whether it made one.
pub fn make_service(path: &Path) -> Result<bool> {
    make_once(path, SERVICE)
}

/// Makes a key for vaults, unless there is one; says whether it made one.
pub fn make_vault(path: &Path) -> Result<bool> {
    make_once(path, VAULT)
}

fn make_once(path: &Path, kind: &str) -> Result<bool> {
    let line = Zeroizing::new(format!("{kind} {}\n", BASE64.encode(random()?.as_slice())));
    match durable_file::create_new(path, line.as_bytes(), Access::Private) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error).with_context(|| cannot_write(path)),
    }
}

/// Makes a key for an operator or a sender named `name`.
pub fn make_operator(path: &Path, name: &str) -> Result<SigningKey> {
    let seed = random()?;
    let key = signing_key(name, *seed)?;
    let line = Zeroizing::new(format!(
        "{OPERATOR} {name} {}\n",
        BASE64.encode(seed.as_slice())
    ));
    match durable_file::create_new(path, line.as_bytes(), Access::Private) {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(input(format!(
            "there is a key `{}` already, and keys are never written over; choose another `--name`",
            path.display()
        ))),
        Err(error) => Err(error).with_context(|| cannot_write(path)),
    }
}

/// Writes a contact master, as earlier versions did.
#[cfg(test)]
pub fn write_contact(path: &Path, master: &[u8; 32]) -> Result<()> {
    let line = Zeroizing::new(format!("{CONTACT} {}\n", BASE64.encode(master)));
    durable_file::replace(path, Access::Private, |out| {
        Ok(std::io::Write::write_all(out, line.as_bytes())?)
    })
}

/// The keys of sealed strata, in the definition's order.
pub struct StratumKeys(Vec<Zeroizing<[u8; 32]>>);

impl StratumKeys {
    /// New keys for the strata of this definition.
    pub fn random(definition: &Definition) -> Result<Self> {
        let keys = definition.strata.iter().map(|_| random());
        Ok(Self(keys.collect::<Result<_>>()?))
    }

    /// The keys in order.
    pub fn iter(&self) -> impl Iterator<Item = &Zeroizing<[u8; 32]>> {
        self.0.iter()
    }

    /// The key of the stratum at this place.
    pub fn get(&self, place: usize) -> Option<&[u8; 32]> {
        self.0.get(place).map(|key| &**key)
    }

    /// Writes the file, in the place of one that a broken-off making left.
    pub fn write(&self, path: &Path, definition: &Definition) -> Result<()> {
        let mut text = Zeroizing::new(format!("{STRATA}\n"));
        for (stratum, key) in definition.strata.iter().zip(self.iter()) {
            let base64 = Zeroizing::new(BASE64.encode(key.as_slice()));
            text.push_str(&format!("{} {}\n", stratum.id, base64.as_str()));
        }
        durable_file::replace(path, Access::Private, |out| {
            Ok(std::io::Write::write_all(out, text.as_bytes())?)
        })
    }

    /// Reads the keys of all strata of this definition.
    pub fn read(path: &Path, definition: &Definition) -> Result<Self> {
        let text = read_private(path, STRATUM_KEYS_BYTES_MAX)?;
        let malformed = || malformed(path, "file of stratum keys of this poll");
        let rows = text
            .strip_prefix(STRATA)
            .and_then(|rest| rest.strip_prefix('\n'));
        let mut rows = rows
            .and_then(|rows| rows.strip_suffix('\n'))
            .ok_or_else(malformed)?
            .split('\n');
        let mut keys = Vec::with_capacity(definition.strata.len());
        for stratum in &definition.strata {
            let named = rows.next().and_then(|row| row.split_once(' '));
            let key = named.filter(|(id, _)| *id == stratum.id);
            let key = key.and_then(|(_, base64)| key_bytes(base64));
            keys.push(key.ok_or_else(malformed)?);
        }
        match rows.next() {
            None => Ok(Self(keys)),
            Some(_) => Err(malformed()),
        }
    }
}

/// Reads a service master.
pub fn read_service(path: &Path) -> Result<MasterKey> {
    let line = read_line(path)?;
    let bytes = line
        .strip_prefix(SERVICE)
        .and_then(|rest| rest.strip_prefix(' '))
        .and_then(key_bytes)
        .ok_or_else(|| malformed(path, "service master"))?;
    Ok(MasterKey::new(*bytes))
}

/// Reads the key of vaults.
pub fn read_vault(path: &Path) -> Result<Zeroizing<[u8; 32]>> {
    read_bytes(path, VAULT, "vault key")
}

/// Reads a contact master that an earlier version wrote.
pub fn read_contact(path: &Path) -> Result<Zeroizing<[u8; 32]>> {
    read_bytes(path, CONTACT, "contact master")
}

fn read_bytes(path: &Path, kind: &str, what: &str) -> Result<Zeroizing<[u8; 32]>> {
    let line = read_line(path)?;
    line.strip_prefix(kind)
        .and_then(|rest| rest.strip_prefix(' '))
        .and_then(key_bytes)
        .ok_or_else(|| malformed(path, what))
}

/// Reads a passphrase: the one line of its file, with or without an end.
pub fn read_passphrase(path: &Path) -> Result<Zeroizing<String>> {
    let text = read_private(path, KEY_FILE_BYTES_MAX)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    match line.is_empty() || line.contains(['\n', '\r']) {
        false => Ok(Zeroizing::new(line.to_owned())),
        true => Err(input(format!(
            "`{}` is no passphrase: expected one line, and something on it",
            path.display()
        ))),
    }
}

/// Reads the key of an operator or a sender.
pub fn read_operator(path: &Path) -> Result<SigningKey> {
    let line = read_line(path)?;
    let (name, seed) = line
        .strip_prefix(OPERATOR)
        .and_then(|rest| rest.strip_prefix(' '))
        .and_then(|rest| rest.split_once(' '))
        .and_then(|(name, base64)| Some((name, key_bytes(base64)?)))
        .ok_or_else(|| malformed(path, "operator's key"))?;
    signing_key(name, *seed)
}

fn signing_key(name: &str, seed: [u8; 32]) -> Result<SigningKey> {
    let secret = SecretKey::from_seed(seed);
    let verifier = VerifierKey::new(name, secret.public_key())
        .map_err(|error| input(format!("`{name}` cannot name a key: {error}")))?;
    Ok(SigningKey { verifier, secret })
}

/// The one line of a key file, without its end.
fn read_line(path: &Path) -> Result<Zeroizing<String>> {
    let text = read_private(path, KEY_FILE_BYTES_MAX)?;
    match text.strip_suffix('\n') {
        Some(line) if !line.contains('\n') => Ok(Zeroizing::new(line.to_owned())),
        _ => Err(malformed(path, "key")),
    }
}

/// The text of a file that nobody but its owner can read.
fn read_private(path: &Path, bytes_max: u64) -> Result<Zeroizing<String>> {
    let unreadable = || Fault::Input(format!("cannot read the key `{}`", path.display()));
    if durable_file::is_open_to_others(path).with_context(unreadable)? {
        return Err(input(format!(
            "the key `{0}` can be read by others than its owner; make it private with `chmod 600 {0}`, and consider whether it is still a secret",
            path.display()
        )));
    }
    let length = std::fs::metadata(path).with_context(unreadable)?.len();
    if length > bytes_max {
        return Err(malformed(path, "key"));
    }
    Ok(Zeroizing::new(
        std::fs::read_to_string(path).with_context(unreadable)?,
    ))
}

fn key_bytes(base64: &str) -> Option<Zeroizing<[u8; 32]>> {
    let bytes = Zeroizing::new(BASE64.decode(base64.as_bytes()).ok()?);
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}

fn malformed(path: &Path, what: &str) -> anyhow::Error {
    input(format!(
        "`{}` is no {what} as Sijill writes it; was the file altered or cut?",
        path.display()
    ))
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write the key `{}`", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn private(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    #[test]
    fn an_operators_key_reads_back_and_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("aras.key");
        let made = make_operator(&path, "aras").unwrap();
        assert_eq!(read_operator(&path).unwrap().verifier, made.verifier);
        assert!(make_operator(&path, "aras").is_err());
        assert_eq!(read_operator(&path).unwrap().verifier, made.verifier);
    }

    #[test]
    fn a_key_of_vaults_is_made_once_and_is_no_other_key() {
        let folder = tempfile::tempdir().unwrap();
        let (path, service) = (folder.path().join("vault.key"), folder.path().join("s.key"));
        assert!(make_vault(&path).unwrap() && make_service(&service).unwrap());
        let key = read_vault(&path).unwrap();
        assert!(!make_vault(&path).unwrap());
        assert_eq!(read_vault(&path).unwrap(), key);
        assert!(read_vault(&service).is_err() && read_service(&path).is_err());
    }

    #[test]
    fn a_passphrase_is_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words");
        for text in ["a long walk", "a long walk\n"] {
            private(&path, text);
            assert_eq!(read_passphrase(&path).unwrap().as_str(), "a long walk");
        }
        for bad in ["", "\n", "two\nlines\n", "a\r\n"] {
            private(&path, bad);
            assert!(read_passphrase(&path).is_err(), "{bad:?}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = read_passphrase(&path).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_service_master_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("service.key");
        assert!(make_service(&path).unwrap());
        let origin = "ur.example/polls/a".parse().unwrap();
        let key = read_service(&path).unwrap().log_key(&origin).public_key();
        assert!(!make_service(&path).unwrap());
        assert_eq!(
            read_service(&path).unwrap().log_key(&origin).public_key(),
            key
        );
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("aras.key");
        make_operator(&path, "aras").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = read_operator(&path).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn what_is_not_exactly_a_key_is_refused_without_showing_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("aras.key");
        let seed = BASE64.encode(&[7; 32]);
        for bad in [
            String::new(),
            "\n".into(),
            format!("{OPERATOR} aras {seed}"),
            format!("{OPERATOR} aras {seed}\n\n"),
            format!("{OPERATOR} aras  {seed}\n"),
            format!("{OPERATOR} {seed}\n"),
            format!("{OPERATOR}  {seed}\n"),
            format!("{OPERATOR} aras {}\n", BASE64.encode(&[7; 31])),
            format!("{SERVICE} {seed}\n"),
            format!("{OPERATOR} {} {seed}\n", "a".repeat(600)),
        ] {
            private(&path, &bad);
            let error = read_operator(&path).unwrap_err();
            assert!(!format!("{error:#}").contains(&seed), "{bad}");
        }
        private(&path, &format!("{OPERATOR} aras {seed}\n"));
        assert!(read_operator(&path).is_ok());
    }
}
