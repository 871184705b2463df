//! Every page in every language: it renders, escapes, keeps its size and says what it must.

#[cfg(test)]
mod fixtures;

use data_encoding::BASE64;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use sijill_pages::*;

#[cfg(test)]
fn language(tag: &str) -> Language {
    Language::parse(tag).unwrap()
}

/// Every page there is in a language, with a name for messages.
#[cfg(test)]
fn all_pages(language: Language) -> Vec<(String, String)> {
    let mut pages = vec![
        (
            "answer".to_owned(),
            answer_page(&fixtures::answer(language)).unwrap(),
        ),
        (
            "longest answer".to_owned(),
            answer_page(&fixtures::longest_answer(language)).unwrap(),
        ),
        (
            "home".to_owned(),
            home_page(&fixtures::home(language)).unwrap(),
        ),
        (
            "empty home".to_owned(),
            home_page(&HomePage {
                polls: Vec::new(),
                ..fixtures::home(language)
            })
            .unwrap(),
        ),
    ];
    pages.extend(fixtures::phases().into_iter().flat_map(|phase| {
        let answer = AnswerPage {
            phase: phase.clone(),
            ..fixtures::answer(language)
        };
        let results = ResultsView {
            phase: phase.clone(),
            ..fixtures::results(language)
        };
        let name = |page| format!("{page} while {phase:?}");
        [
            (name("answer"), answer_page(&answer).unwrap()),
            (name("results"), results_page(&results).unwrap()),
        ]
    }));
    pages.extend([1, 2, 5, 11, 100].map(|lost| {
        let results = ResultsView {
            lost,
            ..fixtures::results(language)
        };
        (
            format!("results after {lost} were lost"),
            results_page(&results).unwrap(),
        )
    }));
    pages.extend(confirmations(language));
    pages.extend(pages_of_receipts(language));
    pages.extend(
        fixtures::stops(language).map(|view| ("messages".to_owned(), stop_page(&view).unwrap())),
    );
    pages.extend(
        fixtures::monitors(language)
            .map(|view| ("monitor".to_owned(), monitor_page(&view).unwrap())),
    );
    let link = MonitorLinkPage {
        frame: fixtures::frame(language),
    };
    pages.push((
        "link to the monitor".to_owned(),
        monitor_link_page(&link).unwrap(),
    ));
    pages.extend(ProblemKind::ALL.map(|kind| {
        (
            format!("{kind:?}"),
            problem_page(&fixtures::problem(language, kind)).unwrap(),
        )
    }));
    pages
}

/// The page after an answer was taken, before and after that is published.
#[cfg(test)]
fn confirmations(language: Language) -> [(String, String); 2] {
    [false, true].map(|is_public| {
        let view = ConfirmationPage {
            is_public,
            ..fixtures::confirmation(language)
        };
        ("confirmation".to_owned(), confirmation_page(&view).unwrap())
    })
}

/// The pages of a receipt, and the one that checks it.
#[cfg(test)]
fn pages_of_receipts(language: Language) -> Vec<(String, String)> {
    let receipts = [
        Receipt::Promise("sijill-promise@v1\n".to_owned()),
        Receipt::Proof(fixtures::receipt_text()),
        Receipt::Proof("long ".repeat(1_000)),
    ];
    let shown = |receipt| receipt_page(&fixtures::receipt(language, receipt)).unwrap();
    let pages = receipts.map(|receipt| ("receipt".to_owned(), shown(receipt)));
    let verify = verify_page(&fixtures::verify(language)).unwrap();
    pages
        .into_iter()
        .chain([("verify".to_owned(), verify)])
        .collect()
}

#[test]
fn every_page_speaks_every_language() {
    for language in Language::all() {
        for (name, page) in all_pages(language) {
            let opening = format!(
                "<html lang=\"{}\" dir=\"{}\">",
                language.tag(),
                language.dir()
            );
            assert!(page.contains(&opening), "{name} in {language}");
            assert!(
                !page.contains("{$") && !page.contains("{ $"),
                "{name} in {language} has an unfilled variable"
            );
            assert_no_missing_message(&name, language, &page);
        }
    }
}

#[cfg(test)]
#[track_caller]
fn assert_no_missing_message(name: &str, language: Language, page: &str) {
    // A missing message shows as its id in brackets; styles use brackets for selectors.
    let body = page.split("</head>").nth(1).unwrap();
    assert!(
        !body.contains('['),
        "{name} in {language} lacks a message: {body}"
    );
}

#[test]
fn every_page_is_well_formed() {
    for language in Language::all() {
        for (name, page) in all_pages(language) {
            assert_eq!(
                unclosed(&page),
                Vec::<String>::new(),
                "{name} in {language}"
            );
            assert_eq!(
                page.matches("<h1>").count(),
                1,
                "{name} in {language} has one h1"
            );
            assert_eq!(
                page.matches("<main").count(),
                1,
                "{name} in {language} has one main"
            );
        }
    }
}

/// The elements left open at the end, or the first end tag that closes nothing.
#[cfg(test)]
fn unclosed(page: &str) -> Vec<String> {
    const VOID: [&str; 4] = ["meta", "input", "br", "!doctype"];
    let mut open: Vec<String> = Vec::new();
    for tag in page
        .split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>'))
        .map(|(tag, _)| tag)
    {
        let name = tag
            .split([' ', '\n', '/'])
            .find(|part| !part.is_empty())
            .unwrap_or("")
            .to_owned();
        if tag.starts_with('/') {
            if open.pop().as_ref() != Some(&name) {
                return vec![format!("unexpected </{name}>")];
            }
        } else if !tag.ends_with('/') && !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    open
}

#[test]
fn the_answer_page_fits_into_one_response() {
    for language in Language::all() {
        let longest = answer_page(&fixtures::longest_answer(language)).unwrap();
        assert!(
            longest.len() < limits::ANSWER_PAGE_BYTES_MAX,
            "{language}: {} bytes",
            longest.len()
        );
    }
}

#[test]
fn only_results_verify_and_monitor_have_a_script_and_none_has_inline_style_or_handlers() {
    for language in Language::all() {
        for (name, page) in all_pages(language) {
            assert_eq!(
                page.contains("<script"),
                name.starts_with("results") || ["verify", "monitor"].contains(&name.as_str()),
                "{name}"
            );
            for forbidden in [
                " style=",
                " onclick=",
                " onload=",
                " onchange=",
                " onsubmit=",
                "javascript:",
            ] {
                assert!(
                    !page.contains(forbidden),
                    "{name} in {language} has `{forbidden}`"
                );
            }
        }
    }
    let results = results_page(&fixtures::results(language("en"))).unwrap();
    assert_eq!(results.matches("<script").count(), 1);
    assert!(results.contains("<script src=\"/static/live.js\" defer></script>"));
    let verify = verify_page(&fixtures::verify(language("en"))).unwrap();
    assert_eq!(verify.matches("<script").count(), 1);
    assert!(verify.contains("<script src=\"/static/verify.js\" defer></script>"));
}

/// The monitor with messages that take this course.
#[cfg(test)]
fn monitor_with(language: Language, sending: MonitorSending) -> String {
    let [mut view, _] = fixtures::monitors(language);
    view.polls[1].sending = Some(sending);
    monitor_page(&view).unwrap()
}

#[cfg(test)]
fn courses() -> Vec<SendingCourse> {
    let waits = |why: &str, until_ms| SendingCourse::Waits {
        why: why.to_owned(),
        until_ms,
    };
    let ended = |how: &str| SendingCourse::Ended {
        how: how.to_owned(),
    };
    vec![
        SendingCourse::Sends,
        waits("paused", None),
        waits("quiet_hours", Some(fixtures::END_MS)),
        waits("quiet_hours", None),
        waits("poll_over", None),
        waits("gateway", None),
        waits("receipts", None),
        ended("final"),
        ended("unreceipted"),
        ended("poll_over"),
        ended("interrupted"),
        ended("stopped"),
        SendingCourse::Silent,
        ended("a word of tomorrow"),
    ]
}

#[test]
fn the_monitor_says_of_messages_whether_they_leave_and_where_they_stand() {
    for language in Language::all() {
        let pages = courses().into_iter().map(|course| {
            let page = monitor_with(language, fixtures::sending(course));
            assert!(!page.contains("[monitor"), "{page}");
            let said = page.split("data-figure=\"course\">").nth(1).unwrap();
            said.split('<').next().unwrap().to_owned()
        });
        let said: std::collections::BTreeSet<String> = pages.collect();
        assert_eq!(said.len(), courses().len(), "{said:?}");
    }
    let english = monitor_with(language("en"), fixtures::sending(SendingCourse::Sends));
    let english = english.replace(['\u{2068}', '\u{2069}'], "");
    for part in [
        "<h3>Messages of wave 2</h3>",
        "<tr data-standing=\"queued\"><th scope=\"row\">Waiting to be sent</th><td>1,200</td></tr>",
        "<tr data-failed=\"number_invalid\"><th scope=\"row\">Failed: the number is not valid</th><td>1,200</td></tr>",
        "<tr data-standing=\"answered\"><th scope=\"row\">Answered, of the invitations planned</th><td>2,000 of 6,000</td></tr>",
        "<td data-figure=\"speed\">49.8 of 50.0</td>",
        "<td data-figure=\"left\">4 minutes</td>",
        "<rect width=\"79%\" height=\"100%\"/>",
    ] {
        assert!(english.contains(part), "lacks `{part}`: {english}");
    }
    let silent = monitor_with(language("en"), fixtures::sending(SendingCourse::Silent));
    assert!(!silent.contains("data-figure=\"speed\"") && !silent.contains("data-figure=\"left\""));
}

#[test]
fn what_nobody_stands_in_has_no_line_but_where_messages_start_and_end() {
    let nothing = MonitorSending {
        invitations: 0,
        standings: fixtures::sending(SendingCourse::Sends)
            .standings
            .into_iter()
            .map(|(word, _)| (word, 0))
            .collect(),
        failures: Vec::new(),
        seconds_left: None,
        strays: 0,
        ..fixtures::sending(SendingCourse::Sends)
    };
    let page = monitor_with(language("en"), nothing);
    assert_eq!(page.matches("data-standing").count(), 5, "{page}");
    assert!(page.contains("<rect width=\"0%\""), "{page}");
    let hours = MonitorSending {
        seconds_left: Some(7_201),
        ..fixtures::sending(SendingCourse::Sends)
    };
    let page = monitor_with(language("en"), hours).replace(['\u{2068}', '\u{2069}'], "");
    assert!(page.contains("data-figure=\"left\">3 hours<"), "{page}");
}

#[test]
fn styles_are_written_in_logical_properties() {
    const PHYSICAL: [&str; 8] = [
        "left",
        "right",
        "top",
        "bottom",
        "width",
        "height",
        "text-align:left",
        "text-align:right",
    ];
    let page = results_page(&fixtures::results(language("ar"))).unwrap();
    for declaration in styles(&page)
        .iter()
        .flat_map(|style| style.split([';', '{', '}']))
    {
        let property = declaration.split(':').next().unwrap();
        let side = property.rsplit('-').next().unwrap();
        let physical = PHYSICAL.contains(&declaration)
            || PHYSICAL.contains(&side) && property != "line-height";
        assert!(!physical, "`{declaration}` does not turn with the language");
    }
}

#[cfg(test)]
fn styles(page: &str) -> Vec<&str> {
    page.split("<style>")
        .skip(1)
        .map(|rest| rest.split("</style>").next().unwrap())
        .collect()
}

#[test]
fn the_policies_name_the_styles_that_are_in_the_pages() {
    let hash = |style: &str| format!("'sha256-{}'", BASE64.encode(&Sha256::digest(style)));
    for language in Language::all() {
        for (name, page) in all_pages(language) {
            let policy = match name.as_str() {
                "verify" => &*VERIFY_CSP,
                "monitor" => &*RESULTS_CSP,
                name if name.starts_with("results") => &*RESULTS_CSP,
                _ => &*PAGE_CSP,
            };
            for style in styles(&page) {
                assert!(
                    policy.contains(&hash(style)),
                    "{name} in {language}: {policy}"
                );
            }
            assert_eq!(policy.matches("sha256-").count(), styles(&page).len());
        }
    }
    assert!(PAGE_CSP.starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(!PAGE_CSP.contains("script-src"));
    for forbidden in [
        "connect-src 'none'",
        "form-action 'none'",
        "default-src 'none'",
    ] {
        assert!(VERIFY_CSP.contains(forbidden), "{forbidden}");
    }
}

/// A theme with everything that there can be.
#[cfg(test)]
fn theme() -> std::sync::Arc<Theme> {
    let palette = |[accent, band, on_band]: [&str; 3]| Palette {
        accent: accent.to_owned(),
        band: band.to_owned(),
        on_band: on_band.to_owned(),
    };
    let name = Language::all().map(|language| (language.tag().to_owned(), "A & <b>".to_owned()));
    let parts = ThemeParts {
        name: name.collect(),
        light: Some(palette(["#005e54", "#00352f", "#ffffff"])),
        dark: Some(palette(["#7fd6c8", "#00352f", "#f0f4f3"])),
        logo: Some("<svg viewBox='0 0 24 24'><path d='M0 0h9z'/></svg>".to_owned()),
    };
    std::sync::Arc::new(Theme::new(&parts).unwrap())
}

#[test]
fn a_theme_stands_on_every_page_and_its_styles_in_every_policy() {
    let theme = theme();
    let policies = Policies::of(Some(&theme));
    let hash = |style: &str| format!("'sha256-{}'", BASE64.encode(&Sha256::digest(style)));
    for language in Language::all() {
        let with = |frame: &Frame| Frame {
            theme: Some(std::sync::Arc::clone(&theme)),
            ..frame.clone()
        };
        let mut answer = fixtures::answer(language);
        let mut results = fixtures::results(language);
        let mut verify = fixtures::verify(language);
        answer.frame = with(&answer.frame);
        results.frame = with(&results.frame);
        verify.frame = with(&verify.frame);
        for (page, policy) in [
            (answer_page(&answer).unwrap(), &policies.page),
            (results_page(&results).unwrap(), &policies.results),
            (verify_page(&verify).unwrap(), &policies.verify),
        ] {
            assert!(page.contains("<bdi>A &#38; &#60;b&#62;</bdi>"), "{page}");
            assert!(page.contains("</path></svg><bdi>"));
            let found = styles(&page);
            assert!(found[1].contains("--band:#00352f"));
            assert!(found.iter().all(|style| policy.contains(&hash(style))));
            assert_eq!(policy.matches("sha256-").count(), found.len());
        }
    }
}

#[test]
fn the_question_block_is_these_bytes() {
    for (tag, golden) in [
        ("ar", include_str!("golden/question-ar.html")),
        ("ckb", include_str!("golden/question-ckb.html")),
        ("en", include_str!("golden/question-en.html")),
    ] {
        assert_eq!(question_block(&fixtures::question(language(tag))), golden);
    }
}

#[test]
fn the_answer_page_holds_the_question_block_unchanged_for_everybody() {
    for language in Language::all() {
        let block = question_block(&fixtures::question(language));
        for view in [
            fixtures::answer(language),
            fixtures::longest_answer(language),
        ] {
            assert_eq!(answer_page(&view).unwrap().matches(&block).count(), 1);
        }
        assert!(!block.contains("checked"));
    }
}

#[test]
fn an_answer_page_says_that_the_order_differs_where_it_does() {
    for language in Language::all() {
        let fixed = fixtures::answer(language);
        let rotated = AnswerPage {
            order_differs: true,
            ..fixed.clone()
        };
        let [fixed, rotated] = [fixed, rotated].map(|view| answer_page(&view).unwrap());
        let more = rotated.lines().filter(|line| !fixed.contains(line));
        assert_eq!(more.count(), 1, "{}", language.tag());
    }
}

#[test]
fn an_answer_page_leads_to_no_more_messages_where_the_platform_can_see_to_it() {
    for language in Language::all() {
        let able = fixtures::answer(language);
        let unable = AnswerPage {
            stop_href: None,
            ..able.clone()
        };
        let [able, unable] = [able, unable].map(|view| answer_page(&view).unwrap());
        let href = format!("href=\"/p/{}/stop/in/{language}\"", fixtures::TOKEN);
        assert_eq!(able.matches(&href).count(), 1, "{language}");
        assert!(!unable.contains("/stop"), "{language}");
        let more = able.lines().filter(|line| !unable.contains(line));
        assert_eq!(more.count(), 1, "{language}");
    }
}

#[test]
fn the_page_about_messages_has_its_button_only_while_there_is_something_to_stop() {
    for language in Language::all() {
        let [may_leave, stopped, over] =
            fixtures::stops(language).map(|view| stop_page(&view).unwrap());
        let action = format!("/p/{}/stop/in/{language}", fixtures::TOKEN);
        let form = format!("<form method=\"post\" action=\"{action}\">");
        assert_eq!(may_leave.matches(&form).count(), 1, "{language}");
        assert_eq!(may_leave.matches("<button").count(), 1, "{language}");
        for page in [&stopped, &over] {
            assert!(!page.contains("<form") && !page.contains("<button"));
        }
        let titles = [&may_leave, &stopped, &over].map(|page| page.split("<h1>").nth(1));
        assert!(titles[0] != titles[1] && titles[1] != titles[2]);
    }
    let [may_leave, ..] = fixtures::stops(language("en"));
    let page = stop_page(&may_leave).unwrap();
    assert!(page.contains("neither withdraws an answer nor prevents one"));
}

#[test]
fn markup_in_any_field_is_shown_and_not_obeyed() {
    let mut view = fixtures::longest_answer(language("en"));
    let evil = "<script>alert('x')</script>\"'&".to_owned();
    for field in [
        &mut view.question.question_text,
        &mut view.question.question_id,
        &mut view.sampling,
        &mut view.privacy,
        &mut view.typed_address,
        &mut view.slug,
        &mut view.results_href,
        &mut view.who.sponsor,
        &mut view.who.conductor,
        &mut view.who.platform,
        &mut view.who.domain,
        &mut view.contact.name,
        &mut view.frame.links[0].href,
    ] {
        field.clone_from(&evil);
    }
    view.question.options[0] = OptionView {
        id: evil.clone(),
        label: evil.clone(),
    };
    view.stop_href = Some(evil.clone());
    view.who.why_they_differ = Some(evil.clone());
    view.contact.phone = Some(evil.clone());
    view.contact.email = Some(evil.clone());
    view.contact.url = Some(format!("https://{evil}"));
    view.standing = Some(Standing {
        code: evil.clone(),
        promise_href: evil.clone(),
        receipt_href: evil.clone(),
        receipt_page_href: evil.clone(),
        choice: Some(evil.clone()),
    });
    view.form = Some(AnswerForm {
        action: evil.clone(),
        revision: 2,
        changes_left: 1,
    });
    view.error = Some(FormError::ChangedMeanwhile {
        entered: Some(evil.clone()),
    });
    assert_tame("answer", &answer_page(&view).unwrap());
    view.phase = Phase::Annulled { reason: evil };
    assert_tame("annulled", &answer_page(&view).unwrap());
}

#[test]
fn markup_in_any_field_of_the_public_pages_is_shown_and_not_obeyed() {
    let evil = "<script>alert('x')</script>\"'&".to_owned();
    let mut view = fixtures::results(language("en"));
    for field in [
        &mut view.question.question_text,
        &mut view.origin,
        &mut view.poll_id,
        &mut view.live_href,
        &mut view.check.address,
        &mut view.check.operator_keys[0],
        &mut view.check.export_href,
        &mut view.check.roster_href,
        &mut view.check.json_href,
        &mut view.check.verify_href,
        &mut view.method.population,
        &mut view.method.limitations,
        &mut view.who.sponsor,
        &mut view.contact.name,
    ] {
        field.clone_from(&evil);
    }
    view.options[0].id.clone_from(&evil);
    view.options[0].label.clone_from(&evil);
    view.strata[0].id.clone_from(&evil);
    view.strata[0].name.clone_from(&evil);
    view.check.anchor = Some(evil.clone());
    assert_tame(
        "results",
        &results_page(&view)
            .unwrap()
            .replace("<script src=\"/static/live.js\" defer></script>", ""),
    );

    let mut home = fixtures::home(language("en"));
    home.frame.domain.clone_from(&evil);
    let card = &mut home.polls[0];
    for field in [
        &mut card.slug,
        &mut card.question_text,
        &mut card.sponsor,
        &mut card.href,
    ] {
        field.clone_from(&evil);
    }
    assert_tame("home", &home_page(&home).unwrap());

    let mut confirmation = fixtures::confirmation(language("en"));
    for field in [
        &mut confirmation.question_text,
        &mut confirmation.code,
        &mut confirmation.promise_href,
        &mut confirmation.receipt_href,
        &mut confirmation.receipt_page_href,
        &mut confirmation.answer_href,
        &mut confirmation.results_href,
    ] {
        field.clone_from(&evil);
    }
    assert_tame("confirmation", &confirmation_page(&confirmation).unwrap());

    let problem = Problem {
        home_href: evil,
        ..fixtures::problem(language("en"), ProblemKind::NotFound)
    };
    assert_tame("problem", &problem_page(&problem).unwrap());
}

#[test]
fn markup_in_any_field_of_the_pages_of_receipts_is_shown_and_not_obeyed() {
    let evil = "<script>alert('x')</script>\"'&".to_owned();
    let mut receipt = fixtures::receipt(language("en"), Receipt::Promise(evil.clone()));
    for field in [
        &mut receipt.receipt_href,
        &mut receipt.verify_href,
        &mut receipt.answer_href,
    ] {
        field.clone_from(&evil);
    }
    assert_tame("receipt", &receipt_page(&receipt).unwrap());

    let [mut messages, ..] = fixtures::stops(language("en"));
    messages.answer_href.clone_from(&evil);
    messages.state = MessageState::MayLeave {
        action: evil.clone(),
    };
    assert_tame("messages", &stop_page(&messages).unwrap());

    let mut verify = fixtures::verify(language("en"));
    verify.site_keys = vec![evil];
    let page = verify_page(&verify).unwrap();
    let script = "<script src=\"/static/verify.js\" defer></script>";
    assert_tame("verify", &page.replace(script, ""));
}

#[cfg(test)]
#[track_caller]
fn assert_tame(name: &str, page: &str) {
    assert!(!page.to_lowercase().contains("<script"), "{name}");
    assert!(!page.contains("'x')</"), "{name}");
    assert!(
        !page.contains("\"\"'&"),
        "{name}: a value broke out of its attribute"
    );
    assert_eq!(unclosed(page), Vec::<String>::new(), "{name}");
}

#[test]
fn a_script_cannot_stand_behind_the_contact_link() {
    let mut view = fixtures::answer(language("en"));
    view.contact.url = Some("javascript:alert(1)".to_owned());
    assert!(!answer_page(&view).unwrap().contains("javascript:"));
}

#[test]
fn an_error_is_said_in_the_title_first_and_keeps_what_was_chosen() {
    let page = answer_page(&fixtures::longest_answer(language("en"))).unwrap();
    assert!(page.contains("<title>Error: "));
    assert!(page.contains("You had chosen: \u{2068}In favor of continuing it\u{2069}"));
    let error = AnswerPage {
        error: Some(FormError::NothingChosen),
        ..fixtures::answer(language("en"))
    };
    let page = answer_page(&error).unwrap();
    assert!(page.contains("<a href=\"#answer-yes\">Choose one answer, then send it.</a>"));
    assert!(page.contains("id=\"answer-yes\""));
}

#[test]
fn a_link_that_was_answered_shows_its_code_and_never_a_second_form() {
    let view = AnswerPage {
        form: None,
        standing: Some(fixtures::standing(
            language("en"),
            Some("In favor of continuing it".to_owned()),
        )),
        ..fixtures::answer(language("en"))
    };
    let page = answer_page(&view).unwrap();
    assert!(page.contains("7K3V Q0X9 M2R8 T5W1 Y6ZB"));
    assert!(page.contains("href=\"/promise/7K3VQ0X9M2R8T5W1Y6ZB\" download"));
    assert!(page.contains(&format!("href=\"/p/{}/receipt\" download", fixtures::TOKEN)));
    assert!(page.contains(&format!("href=\"/p/{}/receipt/in/en\"", fixtures::TOKEN)));
    assert!(!page.contains("<form"));
    assert!(
        !page.contains("In favor of continuing it"),
        "a final choice is not shown to whoever opens the link"
    );
}

#[test]
fn an_answer_that_may_change_is_named_beside_the_form() {
    let page = answer_page(&fixtures::longest_answer(language("en"))).unwrap();
    assert!(page.contains("Your answer now: \u{2068}In favor of continuing it\u{2069}"));
    assert!(page.contains("You can change it \u{2068}2\u{2069} more times."));
    assert!(page.contains("<input type=\"hidden\" name=\"revision\" value=\"2\">"));
    assert!(page.contains("Change my answer"));
}

#[test]
fn no_form_is_shown_while_no_answer_is_taken() {
    for phase in fixtures::phases() {
        let open = matches!(phase, Phase::Open { .. });
        let page = answer_page(&AnswerPage {
            phase,
            ..fixtures::answer(language("ar"))
        })
        .unwrap();
        assert_eq!(page.contains("<form"), open);
    }
}

#[test]
fn no_problem_page_knows_the_token() {
    for language in Language::all() {
        for kind in ProblemKind::ALL {
            let page = problem_page(&fixtures::problem(language, kind)).unwrap();
            assert!(
                !page.contains(fixtures::TOKEN) && !page.contains("/p/"),
                "{kind:?}"
            );
        }
    }
}

#[test]
fn a_busy_page_says_when_to_try_again_in_the_readers_digits() {
    let page = |tag| {
        problem_page(&fixtures::problem(
            language(tag),
            ProblemKind::Busy {
                retry_after_seconds: 5,
            },
        ))
        .unwrap()
    };
    assert!(page("en").contains("in \u{2068}5\u{2069} seconds"));
    assert!(page("ar").contains("٥\u{2069} ثوانٍ"));
}

#[test]
fn figures_stand_in_attributes_for_machines_and_in_own_digits_for_people() {
    let page = results_page(&fixtures::results(language("ar"))).unwrap();
    for expected in [
        "<main data-size=\"2004\" data-state=\"open\"",
        "<tr data-option=\"yes\" data-count=\"823\">",
        "<tr data-option=\"no\" data-count=\"899\">",
        "<td>٨٢٣</td>",
        "٤١٫٢\u{2069}٪", // 823 of 2,000 is 41.15, and half is rounded up
        "<tr data-stratum=\"baghdad\" data-invited=\"1234\">",
        "<td data-stratum-option=\"yes\" data-count=\"163\">",
        "<rect width=\"41.2%\"",
    ] {
        assert!(page.contains(expected), "lacks {expected}");
    }
}

#[test]
fn results_of_sealed_strata_say_when_they_are_opened_and_how_many_never_are() {
    let mut view = fixtures::results(language("ar"));
    view.strata.clear();
    let page = |view: &ResultsView| results_page(view).unwrap();
    assert!(!page(&view).contains("الطبقات المختومة"));
    view.sealed = SealedStrata::Sealed;
    assert!(page(&view).contains("وبعد الإغلاق"));
    view.sealed = SealedStrata::Opened { closed: 3 };
    let shown = page(&view).replace(['\u{2068}', '\u{2069}'], "");
    assert!(shown.contains("تبقى ٣ طبقات مغلقة"), "{shown}");
    view.sealed = SealedStrata::Opened { closed: 0 };
    assert!(!page(&view).contains("الطبقات المختومة"));
}

#[test]
fn results_name_their_denominators_and_what_they_rest_on() {
    let page = results_page(&fixtures::results(language("en"))).unwrap();
    let plain: String = page
        .chars()
        .filter(|c| !matches!(c, '\u{2068}' | '\u{2069}'))
        .collect();
    for expected in [
        "2,000 of 6,000 invitations were answered: 33.3\u{a0}%",
        "Whoever runs the platform could have answered for people who opened their link.",
        "By its rules the operator may close it earlier.",
        "sijill audit https://ur.example/polls/coalition --operator-key &#34;ur-operator+5c1e0000",
        "--anchor 2003:77ab",
        "Last published: December 1, 2026 at 15:00 UTC.",
    ] {
        assert!(
            plain.contains(expected) || plain.contains(&expected.replace("&#34;", "\"")),
            "lacks {expected}"
        );
    }
}

#[test]
fn a_stratum_without_answers_has_a_dash_and_no_share() {
    let page = results_page(&fixtures::results(language("en"))).unwrap();
    assert!(
        page.contains("<td data-stratum-option=\"yes\" data-count=\"0\">0 <small>–</small></td>")
    );
}

#[test]
fn a_poll_without_answers_is_a_page_too() {
    let mut view = fixtures::results(language("ckb"));
    view.options.iter_mut().for_each(|option| option.count = 0);
    (view.invited, view.size, view.published_at_ms) = (0, 1, None);
    let page = results_page(&view).unwrap();
    assert!(page.contains("data-total=\"0\""));
    assert!(page.contains("<rect width=\"0.0%\""));
    assert_no_missing_message("empty results", language("ckb"), &page);
}

#[test]
fn the_live_script_reads_the_address_that_the_page_gives_it() {
    assert!(LIVE_JS.contains("main[data-live]"));
    let page = results_page(&fixtures::results(language("en"))).unwrap();
    assert!(page.contains("data-live=\"/polls/coalition/live\""));
}

#[test]
fn the_page_of_a_receipt_says_what_it_is_and_shows_it_as_a_code_that_fits() {
    let page = |receipt| receipt_page(&fixtures::receipt(language("en"), receipt)).unwrap();
    let promise = page(Receipt::Promise("sijill-promise@v1\n".to_owned()));
    assert!(promise.contains("Your answer is not published yet"));
    let proof = page(Receipt::Proof(fixtures::receipt_text()));
    assert!(proof.contains("Your answer is published."));
    for page in [&promise, &proof] {
        assert!(
            page.contains("<path stroke=\"#000\" d=\"M4 4.5h7"),
            "no code"
        );
        assert!(!page.contains("too long"));
    }
    let long = page(Receipt::Proof("x".repeat(limits::QR_TEXT_BYTES_MAX + 1)));
    assert!(long.contains("too long for one QR code") && !long.contains("<svg"));
}

#[test]
fn the_confirmation_of_a_published_answer_says_so_and_promises_nothing_more() {
    let page = |is_public| {
        let view = ConfirmationPage {
            is_public,
            ..fixtures::confirmation(language("en"))
        };
        confirmation_page(&view).unwrap()
    };
    let receipt = format!("/p/{}/receipt/in/en", fixtures::TOKEN);
    for (is_public, here, not_here) in [
        (false, "It becomes public", "Your answer is published."),
        (true, "Your answer is published.", "It becomes public"),
    ] {
        let page = page(is_public);
        assert!(page.contains(here) && !page.contains(not_here), "{page}");
        assert_eq!(page.contains("at the latest your answer"), !is_public);
        assert_eq!(page.contains("until then it is the promise"), !is_public);
        assert!(page.contains(&receipt));
    }
}

#[test]
fn the_page_that_checks_holds_its_words_with_places_for_values() {
    let page = verify_page(&fixtures::verify(language("ar"))).unwrap();
    let plain = page.replace(['\u{2068}', '\u{2069}'], "");
    assert!(plain.contains("<p data-word=\"verify-promise-past\">"));
    assert!(plain.contains("سلّمه إلى {address}."));
    assert!(plain.contains("<main data-locale=\"ar-IQ\">"));
    assert!(plain.contains("<p>ur.example/polls/coalition+5c1e0000+"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_the_question_block(text in "\\PC*", id in "\\PC*", label in "\\PC*") {
        let question = QuestionView {
            language: language("ar"),
            question_id: id.clone(),
            question_text: text,
            options: vec![OptionView { id, label }],
        };
        let block = question_block(&question);
        prop_assert_eq!(block.lines().count(), 4);
        prop_assert_eq!(block.matches('<').count(), 11);
        prop_assert_eq!(unclosed(&block), Vec::<String>::new());
    }

    #[test]
    fn any_header_gets_a_language(header in "\\PC*") {
        let offered: Vec<Language> = Language::all().collect();
        prop_assert!(offered.contains(&negotiate(&header, &offered)));
    }
}
