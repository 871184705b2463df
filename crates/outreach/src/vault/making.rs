//! Making a vault: written beside, on stable storage, then put in its place.

use super::head::{Cost, DataKey, Head, Lots};
use super::{Contact, FILE, NONCE_BYTES, VaultSecret, chunks_of, cipher, record, records_of};
use crate::error::OutreachError;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use zeroize::Zeroizing;

/// The name of a file that is being written. There is one at a time: who makes a roster holds the poll's folder.
const UNFINISHED: &str = ".contacts.tmp";

/// Where random bytes come from.
pub type Randomness<'a> = &'a mut dyn FnMut(&mut [u8]) -> Result<(), OutreachError>;

/// Makes the file, durably.
pub fn make(
    folder: &Path,
    secret: &VaultSecret,
    count: u32,
    contacts: impl Iterator<Item = Contact>,
) -> Result<(), OutreachError> {
    let random =
        &mut |bytes: &mut [u8]| getrandom::fill(bytes).map_err(|_| OutreachError::Randomness);
    let file = begin(folder).map_err(OutreachError::io("make the vault", folder))?;
    let unfinished = folder.join(UNFINISHED);
    let made = {
        let mut sheet = Sheet {
            path: &unfinished,
            out: BufWriter::new(file),
        };
        write(&mut sheet, secret, Cost::OURS, (count, contacts), random).and_then(|()| {
            sheet.finish()?;
            put_in_place(folder).map_err(OutreachError::io("write the vault", folder))
        })
    };
    if made.is_err() {
        // The error that matters is the first one; the next making writes over it.
        let _ = fs::remove_file(&unfinished);
    }
    made
}

fn begin(folder: &Path) -> io::Result<File> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let unfinished = folder.join(UNFINISHED);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(unfinished)
}

/// The instant: from the rename on, the vault is there.
fn put_in_place(folder: &Path) -> io::Result<()> {
    fs::rename(folder.join(UNFINISHED), folder.join(FILE))?;
    File::open(folder)?.sync_all()?;
    match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// What a vault is written on.
pub struct Sheet<'a, W> {
    /// The file, for messages.
    pub path: &'a Path,
    /// Its bytes.
    pub out: W,
}

impl<W: Write> Sheet<'_, W> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), OutreachError> {
        let written = self.out.write_all(bytes);
        written.map_err(OutreachError::io("write the vault", self.path))
    }
}

impl Sheet<'_, BufWriter<File>> {
    fn finish(&mut self) -> Result<(), OutreachError> {
        let synced = self
            .out
            .flush()
            .and_then(|()| self.out.get_ref().sync_all());
        synced.map_err(OutreachError::io("write the vault", self.path))
    }
}

/// Writes the whole file: its bytes follow from what is given, random bytes included, which are asked for in the order of
/// data key, id, salt, nonce of the head, and the nonce of each chunk.
pub fn write<W: Write>(
    sheet: &mut Sheet<'_, W>,
    secret: &VaultSecret,
    cost: Cost,
    (count, contacts): (u32, impl Iterator<Item = Contact>),
    random: Randomness<'_>,
) -> Result<(), OutreachError> {
    let lots = lots(random)?;
    let head = Head::wrap(secret, cost, count, &lots).ok_or(OutreachError::Sealing)?;
    let cipher = cipher(&lots.key);
    sheet.put(&head.to_bytes())?;
    let mut contacts = contacts;
    let mut written = 0;
    for chunk in 0..chunks_of(count) {
        let (first, records) = records_of(chunk, count);
        let mut clear = Zeroizing::new(Vec::with_capacity(records as usize * record::RECORD_BYTES));
        for contact in contacts.by_ref().take(records as usize) {
            record::write(&contact, &mut clear);
            written += 1;
        }
        if written < first + records {
            break;
        }
        let mut nonce = [0; NONCE_BYTES];
        random(&mut nonce)?;
        sheet.put(&nonce)?;
        sheet.put(&sealed(&cipher, nonce, &head, (chunk, &clear))?)?;
    }
    refuse_other(
        count,
        written.saturating_add(u32::from(contacts.next().is_some())),
    )
}

fn lots(random: Randomness<'_>) -> Result<Lots, OutreachError> {
    let mut lots = Lots {
        key: DataKey::default(),
        id: Default::default(),
        salt: Default::default(),
        nonce: [0; NONCE_BYTES],
    };
    random(lots.key.as_mut_slice())?;
    random(&mut lots.id)?;
    random(&mut lots.salt)?;
    random(&mut lots.nonce)?;
    Ok(lots)
}

fn sealed(
    cipher: &XChaCha20Poly1305,
    nonce: [u8; NONCE_BYTES],
    head: &Head,
    (chunk, clear): (u32, &[u8]),
) -> Result<Vec<u8>, OutreachError> {
    let payload = Payload {
        msg: clear,
        aad: &head.chunk_data(chunk),
    };
    cipher
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| OutreachError::Sealing)
}

fn refuse_other(expected: u32, found: u32) -> Result<(), OutreachError> {
    match expected == found {
        true => Ok(()),
        false => Err(OutreachError::Count { expected, found }),
    }
}
