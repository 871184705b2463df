//! What people hold: a small HTTP client on a bare connection, so that stories can also send what no browser would.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longest that an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(40);

/// Somebody's browser.
#[derive(Debug, Clone)]
pub struct Browser {
    address: SocketAddr,
    languages: Option<String>,
}

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The form of an answer page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    /// The revision that it makes.
    pub revision: String,
    /// The values of its choices, in order.
    pub choices: Vec<String>,
}

impl Browser {
    /// A browser that visits this server and wishes for no language.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            languages: None,
        }
    }

    /// The same, wishing for these languages (`Accept-Language`).
    pub fn wishing(&self, languages: &str) -> Self {
        Self {
            languages: Some(languages.to_owned()),
            ..self.clone()
        }
    }

    /// Opens a page.
    #[track_caller]
    pub fn get(&self, path: &str) -> Page {
        self.ask("GET", path, &[], b"").expect("the server answers")
    }

    /// Asks for the head of a page, as link previews do.
    #[track_caller]
    pub fn head(&self, path: &str) -> Page {
        self.ask("HEAD", path, &[], b"")
            .expect("the server answers")
    }

    /// Sends a form.
    #[track_caller]
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.try_post(path, fields).expect("the server answers")
    }

    /// Sends a form to a server that may be gone, and goes on to where its answer leads.
    pub fn try_post(&self, path: &str, fields: &[(&str, &str)]) -> io::Result<Page> {
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", percent(value)))
            .collect();
        let mut page = self.ask("POST", path, &[FORM], fields.join("&").as_bytes())?;
        // Two are the most that there are: to the confirmation, and from there once the poll is over.
        for _ in 0..2 {
            page = match page.header("location") {
                Some(to) if page.status == 303 => self.ask("GET", to, &[], b"")?,
                _ => break,
            };
        }
        Ok(page)
    }

    /// Opens the page of a personal link and sends its form with this choice.
    #[track_caller]
    pub fn answer(&self, path: &str, choice: &str) -> Page {
        let form = self.get(path).form().expect("the page has a form");
        self.send(&form, choice)
    }

    /// Sends a form with this choice.
    #[track_caller]
    pub fn send(&self, form: &Form, choice: &str) -> Page {
        self.post(
            &form.action,
            &[("answer", choice), ("revision", &form.revision)],
        )
    }

    /// One request, its body with a length.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Page> {
        let mut request = self.start(method, path);
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if method == "POST" || !body.is_empty() {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        request += "\r\n";
        self.raw(&[request.as_bytes(), body].concat())
    }

    /// The first lines of a request, up to where more headers can follow.
    pub fn start(&self, method: &str, path: &str) -> String {
        let languages = self
            .languages
            .as_ref()
            .map(|languages| format!("Accept-Language: {languages}\r\n"));
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{}",
            self.address,
            languages.unwrap_or_default()
        )
    }

    /// Sends these bytes and reads whatever comes back.
    pub fn raw(&self, request: &[u8]) -> io::Result<Page> {
        let mut stream = self.connect()?;
        // A server may refuse before it has read everything; what it said then is still to be read.
        let sent = stream.write_all(request);
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        match Page::parse(&answer) {
            Some(page) => Ok(page),
            None => Err(sent.and(read.map(drop)).err().unwrap_or_else(|| {
                io::Error::other(format!(
                    "no whole answer: {}",
                    String::from_utf8_lossy(&answer)
                ))
            })),
        }
    }

    /// A bare connection.
    pub fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, ANSWER_MAX)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.set_write_timeout(Some(ANSWER_MAX))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// The header of a form.
pub const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

fn percent(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    value
        .bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

impl Page {
    /// Reads a whole answer; none if it is cut.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut page = Self {
            status,
            headers,
            body: bytes[end + 4..].to_vec(),
        };
        if page.header("transfer-encoding") == Some("chunked") {
            page.body = unchunked(&page.body)?;
        }
        Some(page)
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the page is UTF-8")
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// The same, if it has this status.
    #[track_caller]
    pub fn status(self, expected: u16) -> Self {
        assert_eq!(
            self.status,
            expected,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self
    }

    /// The form on it, if there is one.
    pub fn form(&self) -> Option<Form> {
        let text = self.text();
        let form = between(text, "<form method=\"post\" ", "</form>")?;
        Some(Form {
            action: between(form, "action=\"", "\"")?.to_owned(),
            revision: between(form, "name=\"revision\" value=\"", "\"")?.to_owned(),
            choices: form
                .split("name=\"answer\" value=\"")
                .skip(1)
                .filter_map(|rest| rest.split('"').next())
                .map(str::to_owned)
                .collect(),
        })
    }

    /// The short code on it, if there is one.
    pub fn code(&self) -> Option<String> {
        between(self.text(), "<code dir=\"ltr\">", "</code>")
            .filter(|_| self.text().contains("/promise\""))
            .and_then(|_| self.text().split("<code dir=\"ltr\">").nth(2))
            .and_then(|rest| rest.split('<').next())
            .map(str::to_owned)
    }

    /// The address of the promise on it, if there is one.
    pub fn promise_path(&self) -> Option<String> {
        let links = self.text().split("href=\"").skip(1);
        links
            .filter_map(|rest| rest.split('"').next())
            .find(|link| link.ends_with("/promise"))
            .map(str::to_owned)
    }
}

/// What stands between two texts, the first time.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

fn unchunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|window| window == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).ok()?, 16).ok()?;
        let chunk = bytes.get(end + 2..end + 2 + length)?;
        if length == 0 {
            return Some(body);
        }
        body.extend(chunk);
        bytes = bytes.get(end + 4 + length..)?;
    }
}
