//! Invitations by a gateway over HTTP: the whole program, Debian's Kannel with the configuration that is shipped, and
//! npm's message centre behind it.

use crate::centre::{Centre, hash, texts};
use crate::place::{Place, terms};
use crate::post::{SETTINGS, in_two_segments, letters, open, outcome, send, status};
use sijill_scenarios::kannel::{ACCOUNT, CENTRE_PASSWORD, Kannel, Setup, can_run, free};

const PASSWORD: &str = "send & receive";
const SECRET: &str = "kept-from-everybody-0123";

/// Whose numbers end in this digit write back that they want no more messages.
const STOPS: &str = "7";

/// Kannel before this centre, and a configuration of the place that names it.
fn kannel(place: &Place, centre: &Centre) -> Kannel {
    let setup = Setup {
        centre: centre.address().parse().unwrap(),
        callbacks: free(),
        secret: SECRET.to_owned(),
        password: PASSWORD.to_owned(),
        retries: 360,
    };
    let kannel = Kannel::open(&setup);
    place.write_secret("password", format!("{PASSWORD}\n"));
    place.write_secret("callbacks-secret", format!("{SECRET}\n"));
    let gateway = format!(
        "[gateway]\nkannel = \"{}\"\ncallbacks = \"{}\"\ncallbacks_secret_file = \"callbacks-secret\"\nsystem_id = \"{ACCOUNT}\"\npassword_file = \"password\"\nrate = 500\nwindow = 20\n",
        kannel.address(),
        setup.callbacks
    );
    place.write("sijill.toml", format!("{gateway}{SETTINGS}"));
    kannel
}

#[test]
fn a_wave_leaves_by_kannel_word_for_word_with_every_receipt_and_whoever_writes_stop_is_heard() {
    let name =
        "a_wave_leaves_by_kannel_word_for_word_with_every_receipt_and_whoever_writes_stop_is_heard";
    let centres = tempfile::tempdir().unwrap();
    if !can_run(name) {
        return;
    }
    let options = [
        "--system-id",
        ACCOUNT,
        "--password",
        CENTRE_PASSWORD,
        "--receipt-form",
        "text",
        "--stops",
        STOPS,
    ];
    let Some(centre) = Centre::open(centres.path(), &options) else {
        return;
    };
    let place = Place::new();
    let kannel = kannel(&place, &centre);
    open(&place, &in_two_segments(&place.definition(&terms())), 60);
    let sent = send(&place, &[]).well();
    let shown = status(&place, &[]);
    let logs = kannel.logs();
    drop(kannel);
    let report = centre.report();
    assert_eq!(
        (
            &report["messages"],
            &report["strange"],
            &report["incomplete"],
            &report["stops_confirmed"]
        ),
        (&60.into(), &0.into(), &0.into(), &6.into()),
        "{report}"
    );
    let letters = letters(&place);
    for (invitation, text) in &letters {
        assert_eq!(texts(&report, &invitation.contact), [hash(text)]);
        for secret in [&invitation.contact[1..], invitation.token()] {
            assert!(!logs.contains(secret) && !sent.err.contains(secret));
        }
    }
    assert_eq!(outcome(&place), [60, 0, 0, 54, 0, 6], "{shown}");
    place.close(&terms().slug);
    place.audit_data(&terms().slug).well();
}
