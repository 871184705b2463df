//! The roster as operators hand it in, out of whatever spreadsheet.

use sijill::roster_file::{Parsed, parse};
use sijill_poll::definition::Definition;
use sijill_scenarios::Terms;
use sijill_scenarios::bench::Keys;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static DEFINITION: LazyLock<Definition> = LazyLock::new(|| {
    let text = Terms::default().text(&[Keys::of_seed(1).operator_key()], None);
    Definition::parse(&text).expect("the fixture's definition is clean")
});

/// Every row is a person or a problem, nobody is there twice, and whoever can be invited is read again as the same.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(parsed) = parse(bytes, &DEFINITION) else {
        return;
    };
    assert_eq!(
        parsed.rows,
        (parsed.people.len() + parsed.problems.len()) as u64
    );
    assert!(parsed.problems.is_sorted_by(|a, b| a.row < b.row));
    for problem in &parsed.problems {
        assert!(problem.row >= 2 && problem.to_string().len() < 500);
    }
    let contacts: BTreeSet<String> = parsed
        .people
        .iter()
        .map(|person| person.number.e164())
        .collect();
    assert_eq!(
        contacts.len(),
        parsed.people.len(),
        "somebody is there twice"
    );
    assert!(contacts.iter().all(|contact| is_e164(contact)));
    reads_as_written(&parsed);
}

fn is_e164(contact: &str) -> bool {
    contact.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

fn reads_as_written(parsed: &Parsed) {
    let mut text = String::from("contact,stratum,language\n");
    for person in &parsed.people {
        let stratum = DEFINITION.strata.get(usize::from(person.stratum));
        let stratum = &stratum.expect("the stratum is the definition's").id;
        let language = DEFINITION.languages.get(usize::from(person.language));
        let language = language.expect("the language is the definition's");
        text += &format!("{},{stratum},{language}\n", person.number.e164());
    }
    let again = parse(text.as_bytes(), &DEFINITION).expect("a roster of known people reads");
    assert_eq!(again.people, parsed.people);
    assert_eq!(
        (again.problems.len(), again.rewritten, again.repaired),
        (0, 0, 0)
    );
}
