//! What is kept is what is read; what is not as it was written is found; what was erased is gone.

use super::head::Cost;
use super::making::{Sheet, write};
use super::*;
use proptest::prelude::*;
use sijill_ledger::Hash;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

/// A passphrase that costs a test little.
const CHEAP: Cost = Cost {
    kib: 64,
    passes: 1,
    lanes: 1,
};

fn key(byte: u8) -> VaultSecret {
    VaultSecret::Key(Zeroizing::new([byte; 32]))
}

fn passphrase(words: &str) -> VaultSecret {
    VaultSecret::Passphrase(Zeroizing::new(words.to_owned()))
}

fn contact(place: u32) -> Contact {
    let mut entropy = [7; 20];
    entropy[..4].copy_from_slice(&place.to_le_bytes());
    Contact {
        number: Number::from_u64(9_647_700_000_000 + u64::from(place)).unwrap(),
        token: Token::from_entropy(entropy),
        stratum: (place % 19) as u16,
        language: (place % 3) as u8,
    }
}

fn made(count: u32) -> (TempDir, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::make(folder.path(), &key(1), count, (0..count).map(contact)).unwrap();
    (folder, vault)
}

/// The file of a vault whose random bytes are 1, 2, 3 …
fn counted(secret: &VaultSecret, cost: Cost, count: u32) -> Vec<u8> {
    let mut next = 0_u8;
    let mut random = |bytes: &mut [u8]| {
        for byte in bytes {
            next = next.wrapping_add(1);
            *byte = next;
        }
        Ok(())
    };
    let mut sheet = Sheet {
        path: Path::new("contacts"),
        out: Vec::new(),
    };
    let contacts = (count, (0..count).map(contact));
    write(&mut sheet, secret, cost, contacts, &mut random).unwrap();
    sheet.out
}

/// What a roster was made with, of bytes of its own each.
fn secrets() -> RosterSecrets {
    RosterSecrets {
        contact_master: Zeroizing::new(std::array::from_fn(|place| place as u8)),
        root: Hash::from_bytes([0xAA; 32]),
    }
}

fn put(bytes: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), bytes).unwrap();
    folder
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything that the vault gives, or the first error.
fn all(folder: &Path, secret: &VaultSecret) -> Result<Vec<Contact>, OutreachError> {
    Vault::open(folder, secret)?.contacts().collect()
}

/// SPEC, section 14, says these bytes.
#[test]
fn the_bytes_of_a_vault_are_those_of_the_specification() {
    let with_key = counted(&key(1), CHEAP, 2);
    assert_eq!(with_key.len(), 148 + 24 + 2 * 32 + 16);
    assert_eq!(
        hex(&with_key),
        include_str!("tests/key.hex").trim_end().replace('\n', "")
    );
    let with_words = counted(&passphrase("a long walk by the river"), CHEAP, 2);
    assert_eq!(
        hex(&with_words),
        include_str!("tests/passphrase.hex")
            .trim_end()
            .replace('\n', "")
    );
}

/// SPEC, section 14, says these bytes: sealed in the vault of `key.hex`, with the nonce 0xB0, 0xB1 …
#[test]
fn the_bytes_of_what_the_roster_was_made_with_are_those_of_the_specification() {
    let folder = put(&counted(&key(1), CHEAP, 2));
    let vault = Vault::open(folder.path(), &key(1)).unwrap();
    let nonce = std::array::from_fn(|place| 0xB0 + place as u8);
    let bytes = vault.sealed(&secrets(), nonce).unwrap();
    assert_eq!(bytes.len(), 10 + 24 + 64 + 16);
    assert_eq!(
        hex(&bytes),
        include_str!("tests/secrets.hex")
            .trim_end()
            .replace('\n', "")
    );
    fs::write(folder.path().join("secrets"), bytes).unwrap();
    assert_eq!(vault.secrets().unwrap(), secrets());
}

#[test]
fn what_the_roster_was_made_with_is_kept_anew_and_says_which_roster_it_is() {
    let (folder, vault) = made(3);
    assert!(!vault.has_secrets());
    let missing = vault.secrets().unwrap_err();
    assert!(matches!(missing, OutreachError::NoSecrets { .. }));
    fs::write(folder.path().join(".secrets.tmp"), "half").unwrap();
    vault.keep(&secrets()).unwrap();
    let other = RosterSecrets {
        root: Hash::of(b"other"),
        ..secrets()
    };
    vault.must_be_of(secrets().root).unwrap();
    vault.keep(&other).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    let path = folder.path().join("secrets");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let again = Vault::open(folder.path(), &key(1)).unwrap();
    assert!(again.has_secrets() && again.secrets().unwrap() == other);
    assert!(matches!(
        again.must_be_of(secrets().root),
        Err(OutreachError::OfAnotherRoster { expected, found, .. })
            if expected == secrets().root && found == other.root
    ));
}

#[test]
fn a_flipped_byte_another_length_and_the_secrets_of_another_vault_are_found() {
    let (folder, vault) = made(3);
    vault.keep(&secrets()).unwrap();
    let path = folder.path().join("secrets");
    let whole = fs::read(&path).unwrap();
    let master = secrets().contact_master;
    assert!(!whole.windows(8).any(|window| window == &master[..8]));
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        vault.secrets().unwrap_err()
    };
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (place % 8);
        match refused(&bytes) {
            OutreachError::NotAVault { .. } => assert!(place < 10, "byte {place}"),
            OutreachError::DamagedSecrets { .. } => assert!(place >= 10, "byte {place}"),
            other => panic!("byte {place}: {other}"),
        }
    }
    for length in 0..whole.len() {
        refused(&whole[..length]);
    }
    refused(&[whole.as_slice(), &[0]].concat());
    let (_other_folder, other) = made(3);
    let of_another = other.sealed(&secrets(), [7; 24]).unwrap();
    let error = refused(&of_another);
    assert!(matches!(error, OutreachError::DamagedSecrets { .. }));
}

#[test]
fn what_is_kept_is_read_in_any_order_and_again() {
    for count in [0, 1, 127, 128, 129, 300] {
        let (folder, vault) = made(count);
        assert_eq!(vault.count(), count);
        let there: Vec<_> = vault.contacts().map(Result::unwrap).collect();
        assert_eq!(there, (0..count).map(contact).collect::<Vec<_>>());
        for place in [0, 299, 1, 128, 127, 1] {
            match place < count {
                true => assert_eq!(vault.contact(place).unwrap(), contact(place)),
                false => assert!(vault.contact(place).is_err()),
            }
        }
        let again = Vault::open(folder.path(), &key(1)).unwrap();
        assert_eq!(again.id(), vault.id());
        assert_eq!(again.key_for("a"), vault.key_for("a"));
        assert_ne!(again.key_for("a"), vault.key_for("b"));
    }
}

#[test]
fn a_passphrase_opens_what_it_made_and_nothing_else_does() {
    let folder = put(&counted(&passphrase("right"), CHEAP, 3));
    assert_eq!(all(folder.path(), &passphrase("right")).unwrap().len(), 3);
    let wrong = Vault::open(folder.path(), &passphrase("wrong")).unwrap_err();
    assert!(matches!(wrong, OutreachError::WrongPassphrase { .. }));
    let other = Vault::open(folder.path(), &key(1)).unwrap_err();
    assert!(matches!(other, OutreachError::NeedsPassphrase { .. }));
    let folder = put(&counted(&key(1), CHEAP, 3));
    let wrong = Vault::open(folder.path(), &key(2)).unwrap_err();
    assert!(matches!(wrong, OutreachError::WrongKey { .. }));
    let other = Vault::open(folder.path(), &passphrase("right")).unwrap_err();
    assert!(matches!(other, OutreachError::NeedsKey { .. }));
}

#[test]
fn a_passphrase_costs_what_is_recommended() {
    let folder = tempfile::tempdir().unwrap();
    let words = passphrase("right");
    Vault::make(folder.path(), &words, 1, (0..1).map(contact)).unwrap();
    let bytes = fs::read(folder.path().join(FILE)).unwrap();
    let cost: Vec<u32> = bytes[12..24]
        .chunks_exact(4)
        .map(|cost| u32::from_le_bytes(cost.try_into().unwrap()))
        .collect();
    assert_eq!(cost, [65_536, 3, 4]);
    assert_eq!(all(folder.path(), &words).unwrap(), [contact(0)]);
}

#[test]
fn nobody_but_the_owner_can_read_it_and_nothing_is_left_beside() {
    let (folder, _) = made(3);
    let inner = folder.path().join("vault");
    Vault::make(&inner, &key(1), 3, (0..3).map(contact)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&inner), mode(&inner.join(FILE))), (0o700, 0o600));
    assert_eq!(fs::read_dir(&inner).unwrap().count(), 1);
}

#[test]
fn no_number_and_no_token_stands_in_the_file() {
    let (folder, _) = made(200);
    let bytes = fs::read(folder.path().join(FILE)).unwrap();
    for place in 0..200 {
        let contact = contact(place);
        let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(!holds(contact.token.reveal().as_bytes()));
        assert!(!holds(contact.number.digits().as_bytes()));
        assert!(!holds(&contact.number.to_u64().to_le_bytes()));
    }
}

#[test]
fn every_flipped_byte_is_found_and_no_contact_is_given_out_of_it() {
    for secret in [key(1), passphrase("right")] {
        let whole = counted(&secret, CHEAP, 130);
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << (place % 8);
            let folder = put(&bytes);
            let given = all(folder.path(), &secret);
            let error = given.expect_err(&format!("byte {place}"));
            let at_its_place = match error {
                OutreachError::NotAVault { .. } => place < 8,
                OutreachError::DamagedHead { .. } => place < HEAD_BYTES,
                OutreachError::DamagedChunk {
                    chunk: 0,
                    first: 0,
                    last: 127,
                    ..
                } => place < HEAD_BYTES + CHUNK_BYTES,
                OutreachError::DamagedChunk {
                    chunk: 1,
                    first: 128,
                    last: 129,
                    ..
                } => place >= HEAD_BYTES + CHUNK_BYTES,
                _ => false,
            };
            assert!(at_its_place, "byte {place}");
        }
    }
}

#[test]
fn one_damaged_chunk_leaves_the_others_readable_and_ends_a_walk() {
    let mut bytes = counted(&key(1), CHEAP, 300);
    bytes[HEAD_BYTES + CHUNK_BYTES + 50] ^= 1;
    let folder = put(&bytes);
    let vault = Vault::open(folder.path(), &key(1)).unwrap();
    assert_eq!(vault.contact(5).unwrap(), contact(5));
    vault.contact(128).unwrap_err();
    assert_eq!(vault.contact(299).unwrap(), contact(299));
    assert_eq!(vault.contact(5).unwrap(), contact(5));
    let walked: Vec<_> = vault.contacts().collect();
    assert_eq!(walked.len(), 129);
    assert!(walked[128].is_err());
}

#[test]
fn a_chunk_in_anothers_place_is_found() {
    let mut bytes = counted(&key(1), CHEAP, 256);
    let (first, second) = bytes[HEAD_BYTES..].split_at_mut(CHUNK_BYTES);
    first.swap_with_slice(second);
    assert!(matches!(
        all(put(&bytes).path(), &key(1)),
        Err(OutreachError::DamagedChunk { chunk: 0, .. })
    ));
}

#[test]
fn a_chunk_of_another_vault_is_found() {
    let (one, two) = (made(256).0, made(256).0);
    let read = |folder: &TempDir| fs::read(folder.path().join(FILE)).unwrap();
    let (mut one, two) = (read(&one), read(&two));
    let chunk = HEAD_BYTES + CHUNK_BYTES..HEAD_BYTES + 2 * CHUNK_BYTES;
    one[chunk.clone()].copy_from_slice(&two[chunk]);
    assert!(matches!(
        all(put(&one).path(), &key(1)),
        Err(OutreachError::DamagedChunk { chunk: 1, .. })
    ));
}

/// Somebody who can write the file, and lacks the key, gives it fewer invitations with a check that fits.
#[test]
fn a_head_that_says_another_number_of_invitations_opens_nothing() {
    let mut bytes = counted(&key(1), CHEAP, 256);
    let count_at = 56;
    bytes[count_at..count_at + 4].copy_from_slice(&128_u32.to_le_bytes());
    let check = blake3::hash(&bytes[..HEAD_BYTES - 16]);
    bytes[HEAD_BYTES - 16..HEAD_BYTES].copy_from_slice(&check.as_bytes()[..16]);
    bytes.truncate(HEAD_BYTES + CHUNK_BYTES);
    assert!(matches!(
        all(put(&bytes).path(), &key(1)),
        Err(OutreachError::WrongKey { .. })
    ));
}

/// A file of somebody else's may not take the machine's memory.
#[test]
fn a_head_that_asks_for_more_than_a_machine_has_is_no_vault() {
    let mut bytes = counted(&passphrase("right"), CHEAP, 1);
    bytes[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    let check = blake3::hash(&bytes[..HEAD_BYTES - 16]);
    bytes[HEAD_BYTES - 16..HEAD_BYTES].copy_from_slice(&check.as_bytes()[..16]);
    assert!(matches!(
        all(put(&bytes).path(), &passphrase("right")),
        Err(OutreachError::NotAVault { .. })
    ));
}

#[test]
fn a_vault_that_was_cut_or_grew_is_found_before_anything_is_read() {
    let whole = counted(&key(1), CHEAP, 130);
    for length in [0, 1, HEAD_BYTES - 1] {
        let folder = put(&whole[..length]);
        let error = all(folder.path(), &key(1)).unwrap_err();
        assert!(matches!(error, OutreachError::NotAVault { .. }), "{length}");
    }
    let longer = [whole.as_slice(), &[0]].concat();
    let short = &whole[..whole.len() - 1];
    for bytes in [&whole[..HEAD_BYTES], short, &longer] {
        let error = all(put(bytes).path(), &key(1)).unwrap_err();
        assert!(matches!(error, OutreachError::Length { .. }));
    }
}

#[test]
fn other_contacts_than_were_promised_leave_the_vault_before() {
    let (folder, _) = made(3);
    for given in [0, 2, 4, 300] {
        let contacts = (0..given).map(contact);
        let error = Vault::make(folder.path(), &key(9), 3, contacts).unwrap_err();
        assert!(matches!(error, OutreachError::Count { expected: 3, .. }));
        assert_eq!(all(folder.path(), &key(1)).unwrap().len(), 3);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_making_goes_over_what_a_broken_off_one_left() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".contacts.tmp"), "half").unwrap();
    Vault::make(folder.path(), &key(1), 3, (0..3).map(contact)).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_was_never_there_what_was_erased_and_what_is_half_erased_are_told_apart() {
    let (folder, _) = made(300);
    let none = folder.path().join("vault");
    let error = Vault::open(&none, &key(1)).unwrap_err();
    assert!(matches!(error, OutreachError::NoVault { .. }));
    erase(&none).unwrap();
    assert!(!is_there(&none));

    // The machine went down between the two steps of an erasing.
    let path = folder.path().join(FILE);
    let before = fs::read(&path).unwrap();
    wipe(&OpenOptions::new().write(true).open(&path).unwrap()).unwrap();
    let after = fs::read(&path).unwrap();
    assert_eq!(after.len(), before.len());
    assert_eq!(after[HEAD_BYTES..], before[HEAD_BYTES..]);
    assert!(
        after[Head::WIPED_FROM..HEAD_BYTES]
            .iter()
            .all(|byte| *byte == 0)
    );
    let error = Vault::open(folder.path(), &key(1)).unwrap_err();
    assert!(matches!(error, OutreachError::Erased { .. }));
    assert!(is_there(folder.path()));

    fs::write(folder.path().join("secrets"), "sealed").unwrap();
    fs::write(folder.path().join("journal"), "sealed").unwrap();
    fs::create_dir(folder.path().join("old")).unwrap();
    erase(folder.path()).unwrap();
    erase(folder.path()).unwrap();
    assert!(!is_there(folder.path()));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let error = Vault::open(folder.path(), &key(1)).unwrap_err();
    assert!(matches!(error, OutreachError::Erased { .. }));
}

#[test]
fn nothing_that_is_printed_for_a_programmer_shows_a_secret() {
    let (_folder, vault) = made(1);
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        secrets(),
        key(1),
        passphrase("river"),
        vault.contact(0).unwrap(),
        vault
    );
    let token = contact(0).token;
    assert!(!shown.contains(token.reveal()) && !shown.contains("9647700000000"));
    assert!(!shown.contains("river") && !shown.contains("[1, 1") && !shown.contains("[0, 1"));
}

prop_compose! {
    fn any_contact()(number in 1_u64..=999_999_999_999_999, entropy: [u8; 20], stratum: u16, language: u8) -> Contact {
        Contact { number: Number::from_u64(number).unwrap(), token: Token::from_entropy(entropy), stratum, language }
    }
}

proptest! {
    #[test]
    fn any_contact_reads_back(contact in any_contact()) {
        let mut bytes = Vec::new();
        record::write(&contact, &mut bytes);
        prop_assert_eq!(bytes.len(), RECORD_BYTES);
        prop_assert_eq!(record::read(Some(&bytes)), Some(contact));
    }

    #[test]
    fn a_record_that_reads_is_the_one_that_is_written(bytes: [u8; RECORD_BYTES]) {
        if let Some(contact) = record::read(Some(&bytes)) {
            let mut again = Vec::new();
            record::write(&contact, &mut again);
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn no_bytes_of_a_head_make_its_reader_panic(bytes in proptest::collection::vec(any::<u8>(), HEAD_BYTES), keep in 0..HEAD_BYTES) {
        let whole = counted(&key(1), CHEAP, 1);
        let mut bytes = bytes;
        bytes[..keep].copy_from_slice(&whole[..keep]);
        let mut head = [0; HEAD_BYTES];
        head.copy_from_slice(&bytes);
        let is_whole = head == whole[..HEAD_BYTES];
        prop_assert_eq!(Head::read(&head, Path::new("contacts")).is_ok(), is_whole);
    }

    #[test]
    fn any_vault_gives_what_it_was_given(contacts in proptest::collection::vec(any_contact(), 0..400), place: prop::sample::Index) {
        let folder = tempfile::tempdir().unwrap();
        let count = u32::try_from(contacts.len()).unwrap();
        let vault = Vault::make(folder.path(), &key(1), count, contacts.iter().cloned()).unwrap();
        let there: Vec<_> = vault.contacts().map(Result::unwrap).collect();
        prop_assert_eq!(&there, &contacts);
        if !contacts.is_empty() {
            let place = place.index(contacts.len());
            prop_assert_eq!(&vault.contact(u32::try_from(place).unwrap()).unwrap(), &contacts[place]);
        }
    }
}
