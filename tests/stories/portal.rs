//! A poll inside a portal: another server, another host, a path before everything, and short links apart. People answer
//! there, observers watch and audit there, and the portal keeps nothing that tells who answered what.
//!
//! Where nginx or openssl is missing this is skipped, and says so.

use crate::browser::{Browser, FORM, Page, between};
use crate::chromium::{Tour, can_browse};
use crate::nginx::{Doors, Portal, can_proxy};
use crate::place::{Invitation, Place, Server, people, prompt_terms};
use crate::process::until;
use serde_json::{Value, json};
use sijill_scenarios::Terms;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

const SLUG: &str = "bridge";

/// Longest that a story waits for a publication.
const PUBLICATION_MAX: Duration = Duration::from_secs(30);

/// Most bytes of an answer page as it is sent, compressed.
const PAGE_BYTES_MAX: usize = 10_000;

/// A theme with everything that there can be; its logo is [`LOGO`] beside it.
pub const THEME: &str = r##"logo = "logo.svg"
[name]
ar = "بوابة الخدمات"
ckb = "دەروازەی خزمەتگوزارییەکان"
en = "Services Portal"
[light]
accent = "#00584f"
band = "#00352f"
on_band = "#ffffff"
[dark]
accent = "#7fd6c8"
band = "#00352f"
on_band = "#f0f4f3"
"##;

/// The file that the theme names.
pub const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<circle cx="16" cy="16" r="15" fill="#d9a441"/><path d="M16 5l3 8h8l-6 5 2 9-7-5-7 5 2-9-6-5h8z" fill="#00352f"/></svg>"##;

/// A themed server behind a portal, with a poll whose links are on this host.
struct Scene {
    place: Place,
    doors: Doors,
    invited: Vec<Invitation>,
    server: Option<Server>,
    portal: Portal,
}

impl Scene {
    #[track_caller]
    fn with_links_at(host: impl Fn(&Doors) -> SocketAddr) -> Self {
        let (place, doors) = (Place::new(), Doors::free());
        place.write("theme.toml", THEME);
        place.write("logo.svg", LOGO);
        settings(&place, &doors.address(), "theme = \"theme.toml\"\n");
        let terms = Terms {
            host: host(&doors).to_string(),
            ..prompt_terms()
        };
        let invited = place.poll(&terms, 8);
        let server = place.serve();
        let portal = Portal::open(&place, doors, server.address());
        Self {
            place,
            doors,
            invited,
            server: Some(server),
            portal,
        }
    }

    fn browser(&self) -> Browser {
        self.portal.browser()
    }

    /// The browser that a personal link leads to.
    fn at_link(&self, invitation: &Invitation) -> Browser {
        let host = between(&invitation.link, "http://", "/").unwrap();
        Browser::new(host.parse().unwrap())
    }

    fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// Waits until so many answers are published, and gives what is shown then.
    #[track_caller]
    fn published(&self, answered: u64) -> Value {
        let results = || {
            let page = self.browser().get("/services/polls/bridge/results.json");
            Some(page.status(200).json()).filter(|results| results["answered"] == answered)
        };
        until(PUBLICATION_MAX, results).expect("what was answered is published")
    }

    /// Says that nothing that the portal keeps, or the server logs, has anybody's token in it.
    #[track_caller]
    fn keeps_no_token(&self) {
        let logs = ["server-1.out", "server-1.err"].map(|name| self.place.path(name));
        let logs = logs.map(|path| (path.clone(), std::fs::read(path).unwrap()));
        for (file, bytes) in self.portal.kept().into_iter().chain(logs) {
            let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
            for invitation in &self.invited {
                let found = text.lines().find(|line| line.contains(invitation.token()));
                assert_eq!(found, None, "in {}", file.display());
            }
        }
        assert_eq!(self.portal.said(), "", "nginx complains");
    }
}

fn settings(place: &Place, address: &str, more: &str) {
    let text = format!("{more}[portal]\naddress = \"{address}\"\n");
    place.write("sijill.toml", text);
}

/// Where the links, forms and scripts of a page lead.
fn leads(page: &Page) -> BTreeSet<String> {
    let of = |attribute: &str| -> Vec<String> {
        let places = page.text().split(attribute).skip(1);
        let values = places.filter_map(|rest| rest.split('"').next());
        values.map(str::to_owned).collect()
    };
    let all = [" href=\"", " action=\"", " src=\"", " data-live=\""].map(of);
    all.concat()
        .into_iter()
        .filter(|lead| lead.starts_with(['/', 'h']))
        .collect()
}

/// Opens everything that these pages lead to, and what that leads to in turn; live streams and what lies on other hosts
/// are left. Gives all paths.
#[track_caller]
fn walked(browser: &Browser, from: &[&Page]) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    let mut open: Vec<String> = from.iter().flat_map(|page| leads(page)).collect();
    while let Some(path) = open.pop() {
        if !path.starts_with('/') || !known.insert(path.clone()) || path.ends_with("/live") {
            continue;
        }
        let page = browser.get(&path);
        assert_eq!(page.status, 200, "{path}");
        let is_page = page.header("content-type") == Some("text/html; charset=utf-8");
        open.extend(is_page.then(|| leads(&page)).into_iter().flatten());
    }
    known
}

#[test]
fn a_poll_in_a_portal_is_answered_watched_and_audited_at_the_portals_address() {
    if !can_proxy("a_poll_in_a_portal_is_answered_watched_and_audited_at_the_portals_address") {
        return;
    }
    let scene = Scene::with_links_at(|doors| doors.portal);
    let browser = scene.browser();
    let shown = scene.place.sijill(["poll", "show", SLUG, "--json"]).well();
    let origin = format!("{}/services/polls/bridge", scene.doors.portal);
    assert_eq!(shown.json()["origin"], origin, "its name is where it is");
    scene.published(0);
    let mut live = Live::at(&browser);
    live.reaches(0);

    // From the short link to the receipt.
    let invitation = &scene.invited[0];
    assert_eq!(invitation.link, scene.portal.url(&invitation.path));
    let opened = browser.wishing("ar").get(&invitation.path).status(200);
    let form = opened.form().expect("the page has a form");
    assert_eq!(form.action, format!("{}/in/ar", invitation.path));
    let typed = format!("{}/services", scene.doors.portal);
    assert!(opened.text().contains(&typed), "what to type oneself");
    let confirmed = browser.send(&form, "yes").status(200);
    live.reaches(1);
    scene.published(1);
    let receipt = browser.get(&format!("{}/receipt", invitation.path));
    assert!(
        receipt
            .status(200)
            .text()
            .starts_with("c2sp.org/tlog-proof@v1")
    );
    let promise = browser.get(&format!("{}/promise", invitation.path));

    // Everything that any page leads to is there, and is below the portal's path or the personal link.
    let paths = walked(&browser, &[&opened, &confirmed]);
    for path in &paths {
        let of_portal = path.starts_with("/services/");
        assert!(of_portal || path.starts_with(&invitation.path), "{path}");
    }
    for path in [
        "/services/polls/bridge/in/ckb",
        "/services/polls/bridge/in/ar",
        "/services/polls/bridge/live",
        "/services/polls/bridge/export",
        "/services/verify/in/ar",
        "/services/static/live.js",
        "/services/static/verify.js",
    ] {
        let there = paths.contains(path) || path.ends_with("ckb");
        assert!(there, "no page leads to {path}: {paths:?}");
    }
    for path in ["/services", "/services/", "/services/in/ckb"] {
        let home = browser.get(path).status(200);
        assert!(home.text().contains("/services/polls/bridge/in/"), "{path}");
    }

    // What a stranger is told to check is what can be checked.
    let results = browser.get("/services/polls/bridge").status(200);
    let address = scene.portal.url("/services/polls/bridge");
    assert!(results.text().contains(&format!("sijill audit {address} ")));
    let newest = scene.published(1);
    let last = newest["size"].as_u64().unwrap() - 1;
    let anchor = format!("{last}:{}", newest["link"].as_str().unwrap());
    let report = scene.place.audit(&address, ["--anchor", &anchor, "--json"]);
    let report = report.well().json();
    assert_eq!(report["polls"][0]["origin"], origin, "{report}");
    let objections = "/services/polls/bridge/objections";
    let kept = browser.ask("POST", objections, &[], &promise.status(200).body);
    let kept = kept.unwrap();
    assert_eq!(kept.status, 409, "the promise is kept: {}", kept.text());
    scene.keeps_no_token();
}

/// Somebody who listens to a poll's publications at the portal.
struct Live(BufReader<std::net::TcpStream>);

impl Live {
    fn at(browser: &Browser) -> Self {
        let mut stream = browser.connect().unwrap();
        let request = browser.start("GET", "/services/polls/bridge/live") + "\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        Self(BufReader::new(stream))
    }

    /// Reads publications until one is of so many answers, while the stream goes on.
    #[track_caller]
    fn reaches(&mut self, answered: u64) {
        loop {
            let mut line = String::new();
            let length = self.0.read_line(&mut line).expect("the stream goes on");
            assert!(length > 0, "the stream ended");
            let data = line.strip_prefix("data: ").unwrap_or("{}");
            let publication: Value = serde_json::from_str(data).expect("a publication is JSON");
            if publication["answered"] == answered {
                return;
            }
        }
    }
}

#[test]
fn links_on_a_short_host_lead_back_to_the_portal() {
    if !can_proxy("links_on_a_short_host_lead_back_to_the_portal") {
        return;
    }
    let scene = Scene::with_links_at(|doors| doors.short);
    let invitation = &scene.invited[0];
    let short = scene.at_link(invitation);
    assert_ne!(scene.doors.short, scene.doors.portal);
    let opened = short.get(&invitation.path).status(200);
    let confirmed = short.answer(&invitation.path, "no").status(200);
    let stop = format!("{}/stop/in/ar", invitation.path);
    assert!(leads(&opened).contains(&stop), "{opened:?}");
    let stopped = short.post(&stop, &[]).status(200);
    assert!(!stopped.text().contains("<form"), "{stopped:?}");
    walked(&short, &[&opened, &confirmed, &stopped]);
    let portal = scene.doors.address();
    for page in [&opened, &confirmed] {
        for lead in leads(page) {
            let own = lead.starts_with(&invitation.path);
            assert!(own || lead.starts_with(&portal), "{lead}");
        }
    }
    // Each page shows the domain that stands in the browser's line.
    let shows = |page: &Page, domain: SocketAddr| {
        let domain = format!("<code dir=\"ltr\">{domain}</code>");
        page.text().contains(&domain)
    };
    assert!(shows(&opened, scene.doors.short) && shows(&confirmed, scene.doors.short));
    for path in ["/services", "/services/polls/bridge", "/services/verify"] {
        let page = scene.browser().get(path);
        assert!(shows(&page, scene.doors.portal), "{path}");
    }
    let elsewhere = leads(&confirmed).into_iter();
    let elsewhere: Vec<String> = elsewhere.filter(|lead| lead.starts_with("http")).collect();
    assert!(!elsewhere.is_empty());
    for address in elsewhere {
        let path = address.strip_prefix("http://").unwrap();
        let path = &path[path.find('/').unwrap()..];
        scene.browser().get(path).status(200);
    }
    // A link that nobody has leads to the portal's front page.
    let lost = short.get("/p/00000000000000000000").status(404);
    assert!(
        leads(&lost).contains(&format!("{portal}/in/ar")),
        "{lost:?}"
    );
    let home = short.get("/").status(302);
    assert_eq!(home.header("location"), Some(portal.as_str()));
    for path in ["/polls/bridge", "/verify", "/health", "/services/verify"] {
        assert_eq!(short.get(path).status, 302, "{path}");
    }
    scene.keeps_no_token();
}

/// What people and programs send when something is wrong, with a token in it.
fn mishaps(token: &str) -> Vec<String> {
    let capitals = token.to_uppercase();
    let get = |target: &str, headers: &str| {
        format!(
            "GET {target} HTTP/1.1\r\nHost: portal.example\r\nConnection: close\r\n{headers}\r\n"
        )
    };
    let cookies = format!("Cookie: session={}\r\n", "x".repeat(40_000));
    vec![
        get(&format!("/p/{token}"), ""),
        get(&format!("/P/{capitals}"), ""),
        get(&format!("//p//{token}"), ""),
        get(&format!("/p/../p/{token}/in/en"), ""),
        get(&format!("/p/{token}/nothing"), ""),
        get(&format!("/p/{token}?utm=1"), ""),
        get(&format!("/services/p/{token}"), ""),
        get(&format!("/services/{token}"), ""),
        get(&format!("/services?{token}"), ""),
        get(&format!("/services/verify?{token}"), ""),
        get(&format!("/{token}"), ""),
        get(&format!("/p%2f{token}"), ""),
        get(&format!("http://portal.example/p/{token}"), ""),
        get(&format!("/p/{token}"), &cookies),
        get(&format!("/p/{token}"), "Transfer-Encoding: nonsense\r\n"),
        get(&format!("/p/{token}"), "Host: two\r\n"),
        get("/", &format!("X-Token: {token}\r\nUser-Agent: {token}\r\n")),
        format!("GET /p/{token} HTTP/9.9\r\n\r\n"),
        format!("GET /p/{token} nonsense\r\n\r\n"),
        format!("GET /p/{token}\r\n"),
        format!("{capitals} /p/{token} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("POST /p/{token} HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"),
        format!(
            "POST /p/{token} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 20000\r\n\r\n{}",
            "a".repeat(20_000)
        ),
    ]
}

#[test]
fn whatever_goes_wrong_the_portals_logs_keep_no_link_and_no_visitor() {
    if !can_proxy("whatever_goes_wrong_the_portals_logs_keep_no_link_and_no_visitor") {
        return;
    }
    let mut scene = Scene::with_links_at(|doors| doors.portal);
    let browser = scene.browser();
    for (invitation, choice) in scene.invited.iter().zip(["yes", "no", "yes"]) {
        browser.answer(&invitation.path, choice).status(200);
    }
    browser.get("/services/polls/bridge?x=1").status(200);
    let token = scene.invited[0].token().to_owned();
    let Doors {
        portal,
        short,
        unencrypted,
        ..
    } = scene.doors;
    std::thread::scope(|scope| {
        for door in [portal, short, unencrypted] {
            for mishap in mishaps(&token) {
                // Some are not answered at all.
                scope.spawn(move || drop(Browser::new(door).raw(mishap.as_bytes())));
            }
        }
    });
    // And when nobody stands behind the portal, which an error log would tell with the whole request.
    scene.server.take().unwrap().stop().well();
    let gone = browser.get(&scene.invited[0].path);
    assert_eq!(gone.status, 502);
    browser
        .post(
            &scene.invited[1].path,
            &[("answer", "no"), ("revision", "1")],
        )
        .status(502);
    browser.get("/services/polls/bridge").status(502);
    scene.keeps_no_token();

    let log = scene.portal.access_log();
    let logged = |what: &str| log.iter().any(|line| line.contains(what));
    assert!(
        logged(" GET /p/- 200 ") && logged(" POST /p/- 303 "),
        "{log:?}"
    );
    assert!(logged(" GET /polls/bridge 200 "), "{log:?}");
    assert!(logged(" GET - 404 ") && logged(" GET /p/- 502 "), "{log:?}");
    for line in &log {
        let fields: Vec<&str> = line.split(' ').collect();
        assert_eq!(fields.len(), 6, "{line}");
        let rest = line.replace(fields[0], "");
        assert!(!rest.contains("127.0.0.1") && !rest.contains('?'), "{line}");
    }
    let errors: Vec<_> = scene.portal.kept();
    let errors = errors
        .iter()
        .find(|(path, _)| path.ends_with("sijill.error.log"));
    let (_, errors) = errors.expect("public paths have an error log");
    assert!(String::from_utf8_lossy(errors).contains("connect() failed"));
}

/// What a proxy would say of a visitor, and what a visitor can say of themselves.
const FORGED: [(&str, &str); 9] = [
    ("X-Forwarded-For", "203.0.113.7"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Prefix", "/evil"),
    ("X-Forwarded-Port", "666"),
    ("X-Real-IP", "203.0.113.7"),
    ("X-Original-URL", "/evil"),
    ("X-Rewrite-URL", "/evil"),
    ("Forwarded", "for=203.0.113.7;host=evil.example;proto=https"),
];

#[test]
fn what_requests_say_of_their_sender_changes_nothing() {
    if !can_proxy("what_requests_say_of_their_sender_changes_nothing") {
        return;
    }
    let scene = Scene::with_links_at(|doors| doors.portal);
    scene.published(0);
    let (direct, portal) = (scene.server().browser(), scene.browser());
    let personal = &scene.invited[0].path;
    let paths = ["/", "/in/en", "/polls/bridge", "/polls/bridge/results.json"];
    let more = ["/verify", "/polls/bridge/checkpoint", "/nowhere", personal];
    for path in paths.into_iter().chain(more) {
        let plain = direct.get(path);
        let forged = direct.ask("GET", path, &FORGED, b"").unwrap();
        let evil =
            format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
        let other_host = direct.raw(evil.as_bytes()).unwrap();
        for told in [&forged, &other_host] {
            assert_eq!((told.status, &told.body), (plain.status, &plain.body));
            assert!(!told.text().contains("evil"), "{path}");
        }
        let through = match path {
            path if path.starts_with("/p/") => path.to_owned(),
            "/nowhere" => continue,
            path => format!("/services{path}"),
        };
        let through = portal.ask("GET", &through, &FORGED, b"").unwrap();
        assert_eq!(
            (through.status, through.body),
            (plain.status, plain.body),
            "{path}"
        );
    }
    let answer = [("answer", "yes"), ("revision", "1")];
    let body = answer
        .map(|(name, value)| format!("{name}={value}"))
        .join("&");
    let headers: Vec<_> = FORGED.into_iter().chain([FORM]).collect();
    let taken = direct
        .ask("POST", personal, &headers, body.as_bytes())
        .unwrap()
        .status(303);
    let to = taken.header("location").unwrap();
    assert!(to.starts_with(personal), "{to}");
    assert!(!direct.get(to).status(200).text().contains("evil"));
}

#[test]
fn a_themed_page_stays_small_and_the_portal_opens_no_other_door() {
    if !can_proxy("a_themed_page_stays_small_and_the_portal_opens_no_other_door") {
        return;
    }
    let scene = Scene::with_links_at(|doors| doors.portal);
    let browser = scene.browser();
    for (languages, name) in [("ar", "بوابة الخدمات"), ("en", "Services Portal")] {
        let path = &scene.invited[0].path;
        let page = browser.wishing(languages).get(path).status(200);
        let policy = page.header("content-security-policy").unwrap().to_owned();
        assert!(page.text().contains(&format!("<bdi>{name}</bdi>")));
        assert!(page.text().contains("viewBox=\"0 0 32 32\""));
        assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        let zipped = browser.wishing(languages);
        let zipped = zipped.ask("GET", path, &[("Accept-Encoding", "gzip")], b"");
        let zipped = zipped.unwrap();
        assert_eq!(zipped.header("content-encoding"), Some("gzip"));
        assert!(zipped.body.len() <= PAGE_BYTES_MAX, "{}", zipped.body.len());
    }
    for path in [
        "/health",
        "/services/health",
        "/services/p/x",
        "/polls/bridge",
    ] {
        assert_eq!(browser.get(path).status, 404, "{path}");
    }
    // What is too long is told by the server in the reader's language, up to a length that only a program sends.
    let long = |bytes: usize| {
        let body = vec![b'a'; bytes];
        browser
            .ask("POST", &scene.invited[0].path, &[FORM], &body)
            .unwrap()
    };
    let told = long(6_000).status(413);
    assert!(told.text().contains("Services Portal") || told.text().contains("بوابة"));
    assert!(!long(60_000).status(413).text().contains("Portal"));
    assert!(over_tls(scene.doors.portal_tls).contains("/services/polls/bridge/in/"));
    let plain = Browser::new(scene.doors.unencrypted)
        .get("/p/x")
        .status(308);
    let to = plain.header("location").unwrap();
    assert!(to.starts_with("https://") && to.ends_with("/p/x"), "{to}");
}

#[test]
fn a_browser_in_the_portal_sees_results_move_in_the_themes_colours() {
    let test = "a_browser_in_the_portal_sees_results_move_in_the_themes_colours";
    if !can_proxy(test) || !can_browse(test) {
        return;
    }
    let scene = Scene::with_links_at(|doors| doors.portal);
    let open = |path: &str| json!({ "open": scene.portal.url(path), "width": 360 });
    let personal = &scene.invited[0].path;
    let colour = |of: &str, property: &str| json!({ "read": format!("getComputedStyle(document.querySelector('{of}')).{property}") });
    let send = format!(
        "fetch('{personal}', {{ method: 'POST', body: new URLSearchParams({{ answer: 'yes', revision: 1 }}) }})"
    );
    let mut steps = vec![
        open("/services/polls/bridge/in/ar"),
        colour("nav", "backgroundColor"),
        json!({ "read": "document.querySelector('tfoot tr').dataset.total" }),
        json!({ "do": send }),
        // Nobody loads the page again: its script hears of the publication and fetches it.
        json!({ "wait": "document.querySelector('tfoot tr').dataset.total === '1'" }),
        photo("portal-results.png"),
        open(personal),
        colour("nav a", "color"),
        colour("main a:not(.button)", "color"),
        json!({ "read": "document.documentElement.scrollWidth" }),
        photo("portal-answered.png"),
        open("/services/verify/in/ar"),
        json!({ "wait": "!document.querySelector('#check').hidden || !document.querySelector('#needs-https').hidden" }),
        open(&scene.invited[1].path),
        photo("portal-answer.png"),
        json!({ "open": scene.portal.url("/services/polls/bridge/in/ar"), "width": 1000, "dark": true }),
        colour("main a:not(.button)", "color"),
        photo("portal-results-dark.png"),
    ];
    steps.retain(|step| !step.is_null());
    let tour = steps.into_iter().fold(Tour::new(&scene.place), Tour::step);
    let found: Vec<Value> = tour.found();
    let [band, on_band] = [json!("rgb(0, 53, 47)"), json!("rgb(255, 255, 255)")];
    let [light, dark] = [json!("rgb(0, 88, 79)"), json!("rgb(127, 214, 200)")];
    let expected = [band, json!("0"), on_band, light, json!(360), dark];
    assert_eq!(found, expected);
    scene.keeps_no_token();
}

/// A photo, where photos are kept.
fn photo(name: &str) -> Value {
    let folder = std::env::var_os("SIJILL_PHOTOS");
    let file = folder.map(|folder| std::path::Path::new(&folder).join(name));
    file.map_or(Value::Null, |file| json!({ "photo": file }))
}

/// The front page as it comes over TLS.
fn over_tls(door: SocketAddr) -> String {
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-connect", &door.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let request = b"GET /services/ HTTP/1.1\r\nHost: portal.example\r\nConnection: close\r\n\r\n";
    client.stdin.as_mut().unwrap().write_all(request).unwrap();
    let answered = client.wait_with_output().unwrap();
    String::from_utf8_lossy(&answered.stdout).into_owned()
}

#[test]
fn a_wrong_portal_or_theme_stops_the_start_and_says_what_to_write() {
    let place = Place::new();
    place.write(
        "logo.svg",
        "<svg viewBox='0 0 9 9'><script>1</script></svg>",
    );
    let theme = |theme: &str| {
        place.write("theme.toml", theme);
        "theme = \"theme.toml\"\n"
    };
    let token = "7k3vq0x9m2r8t5w1y6zb";
    let refused = |address: &str, more: &str, said: &str| {
        settings(&place, address, more);
        let ran = place.try_serve().err().expect("it does not start");
        assert_eq!(ran.code, Some(2), "{}", ran.err);
        assert!(ran.err.contains(said), "{said} in {}", ran.err);
        assert!(!ran.err.contains(token), "{}", ran.err);
    };
    let good = "https://portal.example/services";
    refused(
        "portal.example/services",
        "",
        "write `https://portal.example/services`",
    );
    refused("https://portal.example/services/", "", "ends with a slash");
    refused(
        "https://portal.example/services?a=b",
        "",
        "scheme, host and path alone",
    );
    refused(
        &format!("https://portal.example/p/{token}"),
        "",
        "personal link",
    );
    refused(good, "theme = \"none.toml\"\n", "none.toml");
    refused(
        good,
        theme(&THEME.replace("#00584f", "#7fd6c8")),
        "contrast of 1.69:1",
    );
    refused(good, theme(&THEME.replace("ckb =", "fr =")), "`name.fr`");
    refused(good, theme(THEME), "it has `<script>`");
}

#[test]
fn a_poll_that_is_named_after_another_address_is_told_of_at_the_start() {
    let place = Place::new();
    place.poll(&prompt_terms(), 2);
    settings(&place, "https://ur.example/services", "");
    let server = place.serve();
    let log = std::fs::read_to_string(place.path("server-1.err")).unwrap();
    let [name, reached] = [
        "ur.example/polls/bridge",
        "ur.example/services/polls/bridge",
    ];
    let told = format!("the ledger `{name}` is reached at `{reached}`");
    assert!(log.contains(&told), "{log}");
    server.stop().well();
    settings(&place, "https://ur.example", "");
    place.serve().stop().well();
    let log = std::fs::read_to_string(place.path("server-2.err")).unwrap();
    assert!(!log.contains("WARN"), "{log}");
}

#[test]
fn a_sender_who_makes_the_tokens_is_told_the_name_that_a_portal_gives() {
    let place = Place::new();
    let file = place.write(
        "poll.toml",
        place.definition(&Terms {
            tokens_made_by: "sender".into(),
            ..prompt_terms()
        }),
    );
    settings(&place, "https://ur.example/services", "");
    let name = "ur.example/services/polls/bridge";
    let ran = place.sijill(args!["poll", "open", &file, "--key", place.key_file()]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains(&format!("--origin {name}")), "{}", ran.err);
    let roster = place.write("roster.csv", crate::place::roster(&people(4)));
    let out = place.path("public.roster");
    let made = place.sijill(args![
        "roster",
        "make",
        roster,
        "--definition",
        &file,
        "--out",
        out,
        "--origin",
        name,
        "--json"
    ]);
    assert_eq!(made.well().json()["origin"], name);
}
