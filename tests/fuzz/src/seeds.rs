//! The seeds that can be made: honest files and forged ones, of every target. Those in `fuzz/corpus` beside them were
//! written by hand or found by a fuzzer, each with a name that says what it is.

use data_encoding::BASE64;
use sijill_ledger::SecretKey;
use sijill_ledger::codec;
use sijill_ledger::container::{COMMITMENT, MUST_UNDERSTAND, ROSTER};
use sijill_ledger::note;
use sijill_scenarios::bench::Setup;
use sijill_scenarios::export::{Section, file};
use sijill_scenarios::forge::forgeries;
use sijill_scenarios::{Bench, Case, Terms, fixture};
use sijill_server::Ask;

mod published;
pub(crate) mod vault;

/// A seed: the target it is of, its name, its bytes.
pub type Seed = (&'static str, String, Vec<u8>);

/// Every seed that can be made.
pub fn made() -> Vec<Seed> {
    [
        entries(),
        exports(),
        definitions(),
        promises(),
        desk(),
        notes(),
        signatures(),
        public_rosters(),
        published::made(),
        vault::made(),
    ]
    .concat()
}

/// One entry of each kind, of a poll with open strata and of one with sealed ones.
fn entries() -> Vec<Seed> {
    let mut recovered = fixture::running();
    let (_, link) = recovered.end();
    recovered.record(recovered.recovered(1, link, "The disk of the server broke"));
    let polls = [
        ("open", fixture::honest()),
        ("sealed", unsealed()),
        ("recovered", recovered),
    ];
    let mut seen = std::collections::BTreeSet::new();
    let entries = polls.iter().flat_map(|(poll, bench)| {
        let named = move |sealed| (*poll, sealed);
        bench.entries.iter().map(named)
    });
    entries
        .map(|(poll, sealed)| (format!("{poll}-{}", sealed.entry().event.name()), sealed))
        .filter(|(name, _)| seen.insert(name.clone()))
        .map(|(name, sealed)| ("entry", name, sealed.bytes().to_vec()))
        .collect()
}

/// The honest file, and those forged ones that differ most from it.
fn exports() -> Vec<Seed> {
    let seed = |name: &str, bench: &Bench| ("export", name.to_owned(), Case::of(bench).file);
    let mut seeds = vec![
        seed("honest", &fixture::honest()),
        seed("honest-with-sealed-strata", &unsealed()),
    ];
    let by_shape = forgeries()
        .into_iter()
        .filter(|forgery| forgery.fails.iter().all(|check| *check <= 3));
    for forgery in by_shape {
        seeds.push((
            "export",
            forgery.name.replace(' ', "-"),
            (forgery.make)().file,
        ));
    }
    seeds
}

/// A poll whose sealed strata were opened.
fn unsealed() -> Bench {
    let mut bench = fixture::sealed();
    bench.admit(bench.unsealed());
    bench
}

fn definitions() -> Vec<Seed> {
    let keys = sijill_scenarios::bench::Keys::of_seed(1);
    let one = Terms::default().text(&[keys.operator_key()], None);
    let rotated = Terms {
        rotated: true,
        ..Terms::default()
    };
    let rotated = rotated.text(&[keys.operator_key()], None);
    let two = Terms::default().text(&[keys.operator_key()], Some(&keys.sender_key()));
    vec![
        (
            "definition",
            "with-an-operator".to_owned(),
            one.into_bytes(),
        ),
        ("definition", "with-a-sender".to_owned(), two.into_bytes()),
        (
            "definition",
            "with-rotated-options".to_owned(),
            rotated.into_bytes(),
        ),
    ]
}

fn promises() -> Vec<Seed> {
    let bench = fixture::running();
    let kept = bench.promise(&bench.responded_as(3, 1, sijill_poll::event::How::Link, "yes"));
    let other = fixture::answered(
        &Setup {
            seed: 2,
            ..Setup::default()
        },
        10,
    );
    let foreign = other.promise(&other.responded(11, "no"));
    vec![
        ("promise", "kept".to_owned(), kept.into_bytes()),
        (
            "promise",
            "of-another-poll".to_owned(),
            foreign.into_bytes(),
        ),
    ]
}

fn desk() -> Vec<Seed> {
    let bench = fixture::honest();
    let slug = || bench.terms.slug.clone();
    let event = |place: usize| {
        let entry = bench
            .entries
            .get(place)
            .map(|sealed| codec::encode(&sealed.entry().event));
        BASE64.encode(&entry.and_then(Result::ok).unwrap_or_default())
    };
    let asks = [
        (
            "keys",
            Ask::Keys {
                origin: bench.poll.origin().to_string(),
            },
        ),
        ("open", Ask::Open { event: event(0) }),
        ("list", Ask::List),
        ("show", Ask::Show { slug: slug() }),
        (
            "record",
            Ask::Record {
                slug: slug(),
                event: event(1),
            },
        ),
        ("freeze", Ask::Freeze { slug: slug() }),
        (
            "entries",
            Ask::Entries {
                slug: slug(),
                from: 0,
            },
        ),
    ];
    let line = |ask: &Ask| [serde_json::to_vec(ask).unwrap_or_default(), b"\n".to_vec()].concat();
    asks.iter()
        .map(|(name, ask)| ("desk", (*name).to_owned(), line(ask)))
        .collect()
}

fn notes() -> Vec<Seed> {
    let signer = SecretKey::from_seed([1; 32]);
    let bench = fixture::honest();
    let note = note::sign("sijill.example/fuzz\n12\n", "sijill.example/fuzz", &signer);
    let (index, link) = bench.end();
    let texts = [
        ("verifier-key", bench.keys.operator_key().to_string()),
        ("note", note.unwrap_or_default()),
        ("origin", bench.poll.origin().to_string()),
        ("anchor", format!("{index}:{link}")),
        ("link", link.to_string()),
        ("token", "06nq7-a6x06 s77yr-ah9aq".to_owned()),
    ];
    texts
        .into_iter()
        .map(|(name, text)| ("note", name.to_owned(), text.into_bytes()))
        .collect()
}

fn signatures() -> Vec<Seed> {
    let key = SecretKey::from_seed([1; 32]);
    let of = |message: &[u8], signed: &[u8]| {
        let signature = key.sign(signed);
        [
            key.public_key().as_bytes().as_slice(),
            signature.as_bytes(),
            message,
        ]
        .concat()
    };
    vec![
        ("signature", "good".to_owned(), of(b"answer", b"answer")),
        (
            "signature",
            "of-another-message".to_owned(),
            of(b"answer", b"other"),
        ),
        ("signature", "over-nothing".to_owned(), of(b"", b"")),
    ]
}

/// As `sijill roster make` writes them: leaves, then the commitment's canonical bytes.
fn public_rosters() -> Vec<Seed> {
    let bench = fixture::honest();
    let commitment = codec::encode(&bench.commitment()).unwrap_or_default();
    let of = |parts: [(u16, &[u8]); 2]| {
        let sections = parts.map(|(kind, bytes)| Section {
            kind,
            flags: MUST_UNDERSTAND,
            bytes: bytes.to_vec(),
        });
        file(&sections)
    };
    let (leaves, commitment) = ((ROSTER, &*bench.leaves), (COMMITMENT, &*commitment));
    vec![
        (
            "public_roster",
            "honest".to_owned(),
            of([leaves, commitment]),
        ),
        (
            "public_roster",
            "in-another-order".to_owned(),
            of([commitment, leaves]),
        ),
        (
            "public_roster",
            "without-leaves".to_owned(),
            of([(ROSTER, b""), commitment]),
        ),
    ]
}
