//! Settings: flags over environment over configuration file over defaults.
//!
//! Flags and environment are clap's (`SIJILL_DATA` …); this file adds the configuration file, TOML with the keys of
//! [`ConfigFile`], and the defaults.

use crate::cli::Common;
use crate::console::Console;
use crate::data_folder::DataFolder;
use crate::fault::{Fault, input};
use crate::gateway_settings::{GatewaySection, SendingSection};
use crate::theme_file;
use anyhow::{Context, Result};
use serde::Deserialize;
use sijill_server::{Checkpoints, PortalAddress, Site};
use sijill_store::{CheckpointStore, StoreError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where the data directory is if nobody says.
const DATA: &str = "sijill-data";

/// What a configuration file may say.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// The data directory; relative to the configuration file's folder.
    data: Option<PathBuf>,
    /// The address that `serve` listens on.
    listen: Option<SocketAddr>,
    /// The address that `serve` shows its metrics on.
    metrics: Option<SocketAddr>,
    /// The operator's key file; relative to the configuration file's folder.
    key: Option<PathBuf>,
    /// Where the newest checkpoints are kept, if several machines share a folder for them; relative to the configuration
    /// file's folder.
    checkpoints: Option<PathBuf>,
    /// How people reach the service.
    portal: Option<PortalSection>,
    /// The theme file; relative to the configuration file's folder.
    theme: Option<PathBuf>,
    /// Who carries the messages.
    gateway: Option<GatewaySection>,
    /// When messages may leave.
    sending: Option<SendingSection>,
    /// The key file of the vaults of contacts; relative to the configuration file's folder.
    vault_key: Option<PathBuf>,
    /// The file with the passphrase of those vaults; relative to the configuration file's folder.
    vault_passphrase_file: Option<PathBuf>,
    /// Answers as JSON.
    json: Option<bool>,
    /// No messages, no progress.
    quiet: Option<bool>,
}

/// The configuration file's `[portal]`.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct PortalSection {
    /// The address below which another server offers the pages, `https://portal.example/services`.
    address: String,
}

/// What every command is given.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data directory, if anybody named one.
    pub data_named: Option<PathBuf>,
    /// The address that the configuration file names.
    pub listen: Option<SocketAddr>,
    /// The address for metrics that the configuration file names.
    pub metrics: Option<SocketAddr>,
    /// The key file that the configuration file names.
    pub key: Option<PathBuf>,
    /// Where the newest checkpoints are kept.
    pub checkpoints: Checkpoints,
    /// The address under which people reach the service, if another server stands before it.
    pub portal: Option<PortalAddress>,
    /// The theme file that the configuration file names.
    pub theme: Option<PathBuf>,
    /// Who carries the messages, as the configuration file says.
    pub gateway: GatewaySection,
    /// When messages may leave, as the configuration file says.
    pub sending: SendingSection,
    /// What opens the vaults of contacts.
    pub vault: VaultSecretFile,
    /// Where and how to speak.
    pub console: Console,
}

/// Which file opens the vaults of contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum VaultSecretFile {
    /// Nobody says: the key of the data directory.
    #[default]
    Ours,
    /// A key file.
    Key(PathBuf),
    /// A file with a passphrase.
    Passphrase(PathBuf),
}

impl Settings {
    /// The settings of this call.
    pub fn of(common: &Common) -> Result<Self> {
        let file = match &common.config {
            Some(path) => read(path)?,
            None => ConfigFile::default(),
        };
        Self::merged(common, file)
    }

    /// Where links on the pages lead, and how the pages look.
    pub fn site(&self) -> Result<Site> {
        let theme = self.theme.as_deref().map(theme_file::read).transpose()?;
        Ok(Site::new(self.portal.clone(), theme))
    }

    /// Where the newest checkpoints are, to be read.
    pub fn newest_checkpoints(&self) -> Result<CheckpointStore, StoreError> {
        match &self.checkpoints {
            Checkpoints::Shared(folder) => CheckpointStore::shared(folder),
            Checkpoints::Inside | Checkpoints::Moved | Checkpoints::OnlyRead => {
                Ok(CheckpointStore::only_read(self.data().path()))
            }
        }
    }

    fn merged(common: &Common, file: ConfigFile) -> Result<Self> {
        Ok(Self {
            data_named: common.data.clone().or(file.data),
            listen: file.listen,
            metrics: file.metrics,
            key: file.key,
            checkpoints: file
                .checkpoints
                .map_or(Checkpoints::Inside, Checkpoints::Shared),
            portal: file.portal.as_ref().map(portal).transpose()?,
            theme: file.theme,
            gateway: file.gateway.unwrap_or_default(),
            sending: file.sending.unwrap_or_default(),
            vault: vault(
                (&common.vault_key, &common.vault_passphrase_file),
                (&file.vault_key, &file.vault_passphrase_file),
            )?,
            console: Console {
                json: common.json || file.json.unwrap_or(false),
                quiet: common.quiet || file.quiet.unwrap_or(false),
            },
        })
    }

    /// The data directory.
    pub fn data(&self) -> DataFolder {
        DataFolder::new(self.data_named.clone().unwrap_or_else(|| DATA.into()))
    }
}

/// What is said in the call goes over the file, whichever of the two it is.
fn vault(
    call: (&Option<PathBuf>, &Option<PathBuf>),
    file: (&Option<PathBuf>, &Option<PathBuf>),
) -> Result<VaultSecretFile> {
    let said = match call {
        (None, None) => file,
        call => call,
    };
    match said {
        (None, None) => Ok(VaultSecretFile::Ours),
        (Some(key), None) => Ok(VaultSecretFile::Key(key.clone())),
        (None, Some(words)) => Ok(VaultSecretFile::Passphrase(words.clone())),
        (Some(_), Some(_)) => Err(input(
            "a vault has a key file or a passphrase, and both are named; leave out `--vault-key` or `--vault-passphrase-file` (or the setting, or the environment variable, of that name)",
        )),
    }
}

fn portal(section: &PortalSection) -> Result<PortalAddress> {
    let wrong = |error| {
        input(format!(
            "`portal.address` in the configuration file: {error}"
        ))
    };
    section.address.parse().map_err(wrong)
}

fn read(path: &Path) -> Result<ConfigFile> {
    let text = std::fs::read_to_string(path).with_context(|| {
        Fault::Input(format!(
            "cannot read the configuration file `{}`",
            path.display()
        ))
    })?;
    let mut file = parse(&text).map_err(|why| {
        input(format!(
            "the configuration file `{}` is wrong: {why}",
            path.display()
        ))
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    file.data = file.data.map(|data| folder.join(data));
    file.key = file.key.map(|key| folder.join(key));
    file.theme = file.theme.map(|theme| folder.join(theme));
    file.gateway = file.gateway.map(|gateway| gateway.seen_from(folder));
    file.vault_key = file.vault_key.map(|key| folder.join(key));
    file.vault_passphrase_file = file.vault_passphrase_file.map(|words| folder.join(words));
    file.checkpoints = file.checkpoints.map(|shared| folder.join(shared));
    Ok(file)
}

fn parse(text: &str) -> Result<ConfigFile, String> {
    toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(data: Option<&str>) -> Common {
        Common {
            data: data.map(PathBuf::from),
            ..Common::default()
        }
    }

    #[test]
    fn what_is_said_in_the_call_goes_over_the_file_and_the_file_over_the_default() {
        let file = || parse("data = \"from-file\"\nquiet = true\n").unwrap();
        let both = Settings::merged(&common(Some("from-flag")), file()).unwrap();
        assert_eq!(both.data().path(), Path::new("from-flag"));
        assert!(both.console.quiet);
        let file_alone = Settings::merged(&common(None), file()).unwrap();
        assert_eq!(file_alone.data().path(), Path::new("from-file"));
        let neither = Settings::merged(&common(None), ConfigFile::default()).unwrap();
        assert_eq!(neither.data().path(), Path::new("sijill-data"));
        assert_eq!(neither.data_named, None);
    }

    #[test]
    fn paths_in_a_file_are_seen_from_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sijill.toml");
        std::fs::write(
            &path,
            "data = \"d\"\nkey = \"/k\"\nlisten = \"127.0.0.1:81\"\ncheckpoints = \"c\"\ntheme = \"t\"\n",
        )
        .unwrap();
        let file = read(&path).unwrap();
        assert_eq!(file.data, Some(folder.path().join("d")));
        assert_eq!(file.key, Some("/k".into()));
        assert_eq!(file.checkpoints, Some(folder.path().join("c")));
        assert_eq!(file.theme, Some(folder.path().join("t")));
        assert_eq!(file.listen, Some("127.0.0.1:81".parse().unwrap()));
    }

    #[test]
    fn what_opens_the_vaults_is_a_key_or_a_passphrase_and_the_call_goes_over_the_file() {
        let file = || parse("vault_key = \"k\"\n").unwrap();
        let of = |common: &Common, file| Settings::merged(common, file).map(|all| all.vault);
        let words = Common {
            vault_passphrase_file: Some("w".into()),
            ..Common::default()
        };
        let both = Common {
            vault_key: Some("k".into()),
            ..words.clone()
        };
        let none = Common::default();
        assert_eq!(
            of(&none, ConfigFile::default()).unwrap(),
            VaultSecretFile::Ours
        );
        assert_eq!(of(&none, file()).unwrap(), VaultSecretFile::Key("k".into()));
        assert_eq!(
            of(&words, file()).unwrap(),
            VaultSecretFile::Passphrase("w".into())
        );
        let error = of(&both, file()).unwrap_err().to_string();
        assert!(error.contains("both are named"), "{error}");
    }

    #[test]
    fn a_word_that_no_setting_has_is_named_with_its_line() {
        let why = parse("data = \"d\"\ndatta = \"e\"\n").unwrap_err();
        assert!(why.contains("line 2") && why.contains("datta"), "{why}");
    }

    #[test]
    fn an_address_of_a_portal_that_is_none_is_told_with_what_to_write() {
        let with = |address: &str| {
            let file = parse(&format!("[portal]\naddress = \"{address}\"\n")).unwrap();
            Settings::merged(&common(None), file)
        };
        let good = with("https://portal.example/services").unwrap();
        assert_eq!(good.portal.unwrap().path(), "/services");
        let error = with("portal.example").unwrap_err().to_string();
        assert!(error.starts_with("`portal.address`"), "{error}");
        assert!(error.ends_with("write `https://portal.example`"), "{error}");
    }
}
