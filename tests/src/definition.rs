//! The text of a small, complete `poll.toml`: one question, three options, a few strata, Arabic and English.

use sijill_ledger::note::VerifierKey;

/// The first moment that takes answers, unless [`Terms`] say otherwise: 2026-12-01T05:00:00Z.
pub const START_MS: u64 = 1_796_101_200_000;

/// One hour in milliseconds.
pub const HOUR_MS: u64 = 3_600_000;

/// What a test may want to choose of a definition; the rest of the text is always the same.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The rule set that the text is of.
    pub rule_set: u16,
    /// The poll's slug.
    pub slug: String,
    /// Host, with port where it has one, of platform and links.
    pub host: String,
    /// Ids of the options, in order. The labels are made from them; all but `yes`, `no` and `other` say that one has no
    /// opinion.
    pub options: Vec<String>,
    /// Whether the order of the options is rotated from invitation to invitation.
    pub rotated: bool,
    /// Id and population of each stratum, in order.
    pub strata: Vec<(String, u64)>,
    /// Whether strata are sealed.
    pub sealed: bool,
    /// Answers below which a sealed stratum stays closed.
    pub threshold: u32,
    /// Who makes the tokens: `platform` or `sender`.
    pub tokens_made_by: String,
    /// Start, end and latest end, milliseconds since 1970, whole seconds.
    pub field_ms: [u64; 3],
    /// How often an answer may be changed.
    pub revisions: u8,
    /// Whether the operator may close before the end.
    pub close_any_time: bool,
    /// Seconds of the resolution.
    pub resolution_seconds: u64,
    /// Seconds from the latest end until a promise is due.
    pub promise_delay_seconds: u64,
    /// Answers that make a publication.
    pub publication_answers: u32,
    /// Seconds after which fewer answers are published.
    pub publication_seconds: u64,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            rule_set: 2,
            slug: "bridge".into(),
            host: "ur.example".into(),
            options: ["yes", "no", "dont-know"].map(String::from).into(),
            rotated: false,
            strata: [("north", 3_000), ("south", 5_000)]
                .map(|(id, population)| (id.to_owned(), population))
                .into(),
            sealed: false,
            threshold: 1,
            tokens_made_by: "platform".into(),
            field_ms: [START_MS, START_MS + HOUR_MS, START_MS + 2 * HOUR_MS],
            revisions: 1,
            close_any_time: true,
            resolution_seconds: 1,
            promise_delay_seconds: 3_600,
            publication_answers: 10,
            publication_seconds: 900,
        }
    }
}

impl Terms {
    /// The ledger's name: host, `polls`, slug.
    pub fn origin(&self) -> String {
        format!("{}/polls/{}", self.host, self.slug)
    }

    /// The text of `poll.toml`, with these keys.
    pub fn text(&self, operators: &[VerifierKey], sender: Option<&VerifierKey>) -> String {
        [
            self.head(),
            keys(operators, sender),
            self.question(),
            self.who_and_sample(),
            self.field_and_message(),
            self.rules(),
            self.strata(),
            self.disclosure(),
        ]
        .join("\n")
    }

    fn head(&self) -> String {
        format!(
            "rule_set = {}\nslug = \"{}\"\nlanguages = [\"ar\", \"en\"]\npolitical = false\ncountry = \"IQ\"\n",
            self.rule_set, self.slug
        )
    }

    fn question(&self) -> String {
        let order = if self.rotated { "rotated" } else { "fixed" };
        let mut text = format!(
            "[question]\nid = \"bridge\"\norder = \"{order}\"\n\
             text = {{ ar = \"هل تؤيد بناء الجسر الجديد؟\", en = \"Do you support building the new bridge?\" }}\n",
        );
        for option in &self.options {
            let side = match option.as_str() {
                "yes" => "for",
                "no" => "against",
                _ => "neither",
            };
            text += &format!(
                "\n[[option]]\nid = \"{option}\"\nside = \"{side}\"\nlabel = {{ ar = \"{}\", en = \"{}\" }}\n",
                label(option, "ar"),
                label(option, "en"),
            );
            if side == "neither" && option != "other" && self.rule_set > 1 {
                text += "no_opinion = true\n";
            }
        }
        text
    }

    /// What came with rule set 2, if the text is of that.
    fn since_2(&self, text: &'static str) -> &'static str {
        match self.rule_set {
            1 => "",
            _ => text,
        }
    }

    fn who_and_sample(&self) -> String {
        let (host, maker) = (&self.host, &self.tokens_made_by);
        let (bodies, design) = (self.since_2(BODIES), self.since_2(DESIGN));
        format!(
            r#"[who]
tokens_made_by = "{maker}"
[who.sponsor]
name = {{ ar = "مجلس المدينة", en = "City Council" }}
[who.conductor]
name = {{ ar = "مجلس المدينة", en = "City Council" }}
[who.platform]
name = {{ ar = "مجلس المدينة", en = "City Council" }}
domain = "{host}"
{bodies}
[sample]
population = {{ ar = "سكان المدينة", en = "Residents of the city" }}
frame = {{ ar = "سجل السكان", en = "The register of residents" }}
sampling = {{ ar = "عينة عشوائية", en = "Simple random sample" }}
mode = {{ ar = "رسالة نصية ورابط", en = "Text message with a link" }}
weighting = {{ ar = "لا ترجيح", en = "None" }}
planned = 12
{design}"#
        )
    }

    fn field_and_message(&self) -> String {
        let [start, end, latest_end] = self.field_ms.map(rfc3339);
        let host = &self.host;
        let text = match self.rule_set {
            1 => MESSAGE_1,
            _ => MESSAGE_2,
        };
        format!(
            r#"[field]
start = {start}
end = {end}
latest_end = {latest_end}

[message]
sender = "COUNCIL"
link_prefix = "http://{host}/p/"
{text}"#
        )
    }

    fn rules(&self) -> String {
        let close = if self.close_any_time {
            "any_time"
        } else {
            "at_end"
        };
        format!(
            "[rules]\nanswers = \"link\"\nrevisions = {}\nresults = \"live\"\nstrata = \"{}\"\nstrata_min = 1\n\
             threshold = {}\nclose = \"{close}\"\nresolution_seconds = {}\npublication_answers = {}\n\
             publication_seconds = {}\npromise_delay_seconds = {}\nobjection_window_seconds = 604800\n",
            self.revisions,
            if self.sealed { "sealed" } else { "open" },
            self.threshold,
            self.resolution_seconds,
            self.publication_answers,
            self.publication_seconds,
            self.promise_delay_seconds,
        )
    }

    fn disclosure(&self) -> String {
        DISCLOSURE.replace("@SINCE_2@", self.since_2(PROCESSING))
    }

    fn strata(&self) -> String {
        self.strata
            .iter()
            .map(|(id, population)| {
                format!("[[stratum]]\nid = \"{id}\"\npopulation = {population}\nname = {{ ar = \"{id}\", en = \"{id}\" }}\n")
            })
            .collect()
    }
}

/// What a respondent reads for this option.
pub fn label(option: &str, language: &str) -> String {
    match (option, language) {
        ("yes", "ar") => "نعم".into(),
        ("no", "ar") => "لا".into(),
        ("dont-know", "ar") => "لا أعرف".into(),
        ("yes", _) => "Yes".into(),
        ("no", _) => "No".into(),
        ("dont-know", _) => "Don't know".into(),
        _ => format!("Option {option}"),
    }
}

const MESSAGE_1: &str =
    "text = { ar = \"شارك برأيك {link}\", en = \"Tell us what you think {link}\" }\n";

const MESSAGE_2: &str = "\
segments_max = 4
text = { ar = \"هل تؤيد بناء الجسر الجديد؟\\n{link}\", en = \"Do you support building the new bridge?\\n{link}\" }
";

const BODIES: &str = r#"[who.funder]
name = { ar = "مجلس المدينة", en = "City Council" }
[who.sender]
name = { ar = "مجلس المدينة", en = "City Council" }
"#;

const DESIGN: &str = r#"strategy = { ar = "استطلاع", en = "A survey" }
coverage_gaps = { ar = "من لا هاتف له", en = "People without a phone" }
recruitment = { ar = "رسالة نصية واحدة", en = "One text message" }
probability = true
precision = { ar = "لا شيء يقال عن مثال", en = "Nothing can be said of an example" }
weighting_targets = { ar = "لا شيء", en = "None" }
"#;

const PROCESSING: &str = r#"processing = { ar = "لا تعدل الإجابات", en = "Answers are not edited" }
withdrawal = { ar = "لا يمكن سحب الإجابة", en = "An answer cannot be withdrawn" }
"#;

const DISCLOSURE: &str = r#"[disclosure]
exclusions = { ar = "من لا هاتف له", en = "People without a phone" }
limitations = { ar = "مثال للاختبار", en = "An example made for tests" }
privacy = { ar = "تسجل إجابتك دون اسمك", en = "Your answer is recorded without your name" }
@SINCE_2@
[contact]
name = { ar = "مكتب المجلس", en = "Council office" }
email = "office@ur.example"
"#;

fn keys(operators: &[VerifierKey], sender: Option<&VerifierKey>) -> String {
    let list: Vec<String> = operators.iter().map(|key| format!("\"{key}\"")).collect();
    let sender = sender.map_or_else(String::new, |key| format!("sender = \"{key}\"\n"));
    format!("[keys]\noperators = [{}]\n{sender}", list.join(", "))
}

/// Milliseconds since 1970 as RFC 3339 in UTC, whole seconds.
pub fn rfc3339(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

/// Year, month and day of this many days after 1970-01-01, in the proleptic Gregorian calendar.
fn civil(days: u64) -> (u64, u64, u64) {
    // Count from 1 March of year 0, so that a leap day is the last day of its year.
    let day = days + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year + u64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Keys;
    use sijill_poll::definition::Definition;

    #[test]
    fn times_are_written_as_the_calendar_has_them() {
        assert_eq!(rfc3339(START_MS), "2026-12-01T05:00:00Z");
        assert_eq!(rfc3339(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn the_text_passes_every_rule_of_its_rule_set() {
        let keys = Keys::of_seed(1);
        let terms = Terms::default();
        let text = terms.text(&[keys.operator_key()], Some(&keys.sender_key()));
        let definition = Definition::parse(&text).expect("the fixture's definition is good");
        assert_eq!(definition.field.start, START_MS);
        assert_eq!(definition.options.len(), 3);
        assert_eq!(definition.strata.len(), 2);
    }
}
