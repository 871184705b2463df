//! The contacts of a poll's invitations, with their tokens: `contacts.csv` in the poll's folder, 0600, apart from the
//! ledger. Whoever has it can answer for everyone.

use crate::durable_file::{self, Access};
use crate::fault::{Fault, unfinished};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sijill_poll::credential::Token;
use std::fs::File;
use std::path::Path;

/// One row.
#[derive(Debug, Serialize, Deserialize)]
struct Row<'a> {
    contact: &'a str,
    stratum: &'a str,
    language: &'a str,
    token: &'a str,
}

/// An invitation as the platform keeps it.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Phone number in E.164.
    pub contact: String,
    /// The stratum's id.
    pub stratum: String,
    /// The language's tag.
    pub language: String,
    /// The secret in the link.
    pub token: Token,
}

/// Writes the file, in the place of one that a broken-off import left.
pub fn write<'a>(
    path: &Path,
    contacts: impl Iterator<Item = (&'a str, &'a str, &'a str, &'a Token)>,
) -> Result<()> {
    durable_file::replace(path, Access::Private, |out| {
        let mut rows = csv::Writer::from_writer(out);
        for (contact, stratum, language, token) in contacts {
            rows.serialize(Row {
                contact,
                stratum,
                language,
                token: token.reveal(),
            })?;
        }
        Ok(rows.flush()?)
    })
}

/// Reads the file, row by row.
pub fn read(path: &Path) -> Result<impl Iterator<Item = Result<Contact>> + use<>> {
    let file = File::open(path).with_context(|| {
        Fault::Unfinished(format!(
            "cannot read the contacts `{}`, which `sijill roster import` writes on the machine where the roster is made",
            path.display()
        ))
    })?;
    let records = csv::Reader::from_reader(file).into_byte_records();
    Ok(records.zip(2..).map(|(record, row)| {
        contact(&record?)
            .ok_or_else(|| unfinished(format!("the contacts are damaged in row {row}")))
    }))
}

fn contact(record: &csv::ByteRecord) -> Option<Contact> {
    let row: Row<'_> = record.deserialize(None).ok()?;
    Some(Contact {
        contact: row.contact.to_owned(),
        stratum: row.stratum.to_owned(),
        language: row.language.to_owned(),
        token: row.token.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_read_back_and_damage_is_named_with_its_row() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("contacts.csv");
        let token = Token::from_entropy([9; 20]);
        let rows = [("+9647701234567", "erbil", "ckb", &token); 2];
        write(&path, rows.into_iter()).unwrap();
        let read_back: Vec<Contact> = read(&path).unwrap().map(Result::unwrap).collect();
        assert_eq!(read_back.len(), 2);
        assert_eq!(read_back[1].token, token);
        assert_eq!(read_back[1].language, "ckb");

        let text = std::fs::read_to_string(&path).unwrap();
        let cut = &text[..text.len() - 5];
        std::fs::write(&path, cut).unwrap();
        let error = read(&path).unwrap().find_map(Result::err).unwrap();
        assert!(error.to_string().contains("row 3"), "{error}");
    }
}
