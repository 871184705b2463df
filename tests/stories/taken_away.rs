//! A respondent's way: an answer, a promise, and then a proof at the same address, which everyone believes who has the
//! log's key, and which says whether the answer still counts.

use crate::chromium::can_browse;
use crate::place::{Place, Server, terms};
use crate::second_opinion;
use crate::verify_page::Visit;
use serde_json::Value;
use sijill_scenarios::Terms;
use std::path::{Path, PathBuf};

const SLUG: &str = "bridge";

/// What a link's receipt is now: a file of the name that the server gives it.
fn keep(place: &Place, server: &Server, link: &str, ending: &str) -> PathBuf {
    let expected = format!("{SLUG}{ending}");
    let page = server.browser().get(&format!("{link}/receipt")).status(200);
    let named = page.header("content-disposition").unwrap();
    assert_eq!(named, format!("attachment; filename=\"{expected}\""));
    assert_eq!(
        page.header("cache-control"),
        Some("no-store"),
        "it is one person's"
    );
    let kept = std::fs::read_dir(place.path("")).unwrap().count();
    place.write(&format!("{kept}-{expected}"), page.body)
}

struct Judges<'a> {
    place: &'a Place,
    policy: PathBuf,
    url: String,
}

impl Judges<'_> {
    fn verify(&self, file: &Path, asked: bool) -> crate::process::Ran {
        let mut words = args!["verify", file, "--policy", &self.policy, "--json"].to_vec();
        if asked {
            words.extend(args!["--source", &self.url].iter().cloned());
        }
        self.place.sijill(words)
    }

    /// What it says against the poll as it is published now.
    #[track_caller]
    fn asked(&self, file: &Path) -> Value {
        self.verify(file, true).well().json()
    }
}

#[test]
fn an_answer_becomes_a_promise_then_a_proof_and_says_when_it_is_superseded() {
    let place = Place::new();
    let revisable = Terms {
        revisions: 1,
        ..terms()
    };
    let invited = place.poll(&revisable, 22);
    let server = place.serve();
    let judges = Judges {
        place: &place,
        policy: place.policy(SLUG),
        url: server.url("/polls/bridge"),
    };
    let (link, others) = (&invited[0].path, &invited[1..]);
    server.browser().answer(link, "yes").status(200);
    let promise = keep(&place, &server, link, ".sijill-promise");
    // Nobody can have the proof of what is not published, and nobody takes that for a breach.
    let waiting = judges.verify(&promise, true).expect_code(4).json();
    assert_eq!(waiting["verdict"], "not_due");

    server.answer(&others[..9], "no");
    server.published(SLUG, place.recorded(SLUG));
    let proof = keep(&place, &server, link, ".tlog-proof");
    let alone = judges.verify(&proof, false).well().json();
    assert_eq!(alone["verdict"], "proven");
    let asked = judges.asked(&proof);
    assert_eq!(asked["counts"], true);
    assert_eq!(judges.asked(&promise)["verdict"], "kept");
    second_opinion::verify(&place, args![&proof, "--policy", &judges.policy]).well();
    pinned_in_the_browser(&place, &server, &proof, &judges.policy);

    server.browser().answer(link, "no").status(200);
    server.answer(&others[9..18], "yes");
    server.published(SLUG, place.recorded(SLUG));
    let newer = keep(&place, &server, link, ".tlog-proof");
    assert_eq!(judges.asked(&newer)["counts"], true);
    let older = judges.asked(&proof);
    assert_eq!(older["counts"], false);
    assert_eq!(
        older["superseded_by"]["index"],
        judges.asked(&newer)["index"]
    );
    server.stop().well();
}

/// The page in a browser believes it by the policy, and sends nothing.
fn pinned_in_the_browser(place: &Place, server: &Server, proof: &Path, policy: &Path) {
    if !can_browse("the page of an answer that became a proof") {
        return;
    }
    let [proof, policy] = [proof, policy].map(|file| std::fs::read_to_string(file).unwrap());
    let visit = Visit::new(place, server).checks("en", "taken", &proof, &policy);
    let said = visit.said();
    said[0].check("good", &["pinned by your policy", "Answer\nyes"]);
}
