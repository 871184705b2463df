//! The wording of one language: Fluent's messages with ICU's digits and dates. Escaping is the
//! templates' part.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use icu::decimal::DecimalFormatter;
use icu::decimal::input::Decimal;
use icu::decimal::options::DecimalFormatterOptions;
use icu::locale::Locale;
use intl_memoizer::Memoizable;
use intl_memoizer::concurrent::IntlLangMemoizer;
use unic_langid::LanguageIdentifier;

use crate::figures::share_tenths;
use crate::moment::Dates;

/// Wording, digits and dates of one language.
///
/// What it is made from is compiled in and read by a test in every language. Should a message be
/// missing all the same, its id in brackets is shown in its place: a page with one ugly word is
/// better than none.
pub(crate) struct Messages {
    bundle: FluentBundle<FluentResource>,
    digits: Digits,
    dates: Dates,
}

impl Messages {
    /// Reads a wording file. `locale` decides over digits, plurals and dates.
    pub(crate) fn new(locale: &str, wording: &str) -> Messages {
        let language: LanguageIdentifier = locale.parse().unwrap_or_default();
        let resource = match FluentResource::try_new(wording.to_owned()) {
            Ok(resource) => resource,
            Err((readable_part, _)) => readable_part,
        };
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        bundle.set_formatter(Some(with_own_digits));
        bundle.add_resource_overriding(resource);
        Messages {
            bundle,
            digits: Digits::new(locale),
            dates: Dates::new(locale),
        }
    }

    /// A message without variables.
    pub(crate) fn say(&self, id: &str) -> String {
        self.fill(id, &[])
    }

    /// A message with its variables. Numbers are written in the language's digits.
    pub(crate) fn fill(&self, id: &str, values: &[(&str, Value<'_>)]) -> String {
        let Some(pattern) = self
            .bundle
            .get_message(id)
            .and_then(|message| message.value())
        else {
            return format!("[{id}]");
        };
        let arguments: FluentArgs<'_> = values
            .iter()
            .map(|(name, value)| (*name, FluentValue::from(*value)))
            .collect();
        self.bundle
            .format_pattern(pattern, Some(&arguments), &mut Vec::new())
            .into_owned()
    }

    /// A message with one text in it.
    pub(crate) fn with_text(&self, id: &str, name: &str, value: &str) -> String {
        self.fill(id, &[(name, Value::Text(value))])
    }

    /// A message with one number in it.
    pub(crate) fn with_number(&self, id: &str, name: &str, value: &u64) -> String {
        self.fill(id, &[(name, Value::Number(*value))])
    }

    /// A whole number in the language's digits, grouped.
    pub(crate) fn number(&self, value: &u64) -> String {
        self.digits.write(Decimal::from(*value))
    }

    /// `part` of `whole` in per cent with one decimal, or a dash where there is no whole.
    pub(crate) fn share(&self, part: &u64, whole: &u64) -> String {
        match share_tenths(*part, *whole) {
            Some(tenths) => self.with_text("percent", "value", &self.tenths(tenths)),
            None => self.say("no-figure"),
        }
    }

    /// A time in words, with its zone.
    pub(crate) fn moment(&self, unix_ms: &u64) -> String {
        self.with_text("moment", "moment", &self.dates.write(*unix_ms))
    }

    /// Tenths, with one decimal.
    pub(crate) fn tenths(&self, tenths: u64) -> String {
        let mut value = Decimal::from(tenths);
        value.multiply_pow10(-1);
        value.pad_end(-1);
        self.digits.write(value)
    }
}

/// What a message can be filled with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    /// Text, shown as it is.
    Text(&'a str),
    /// A number, which also decides over plural forms.
    Number(u64),
}

impl<'a> From<Value<'a>> for FluentValue<'a> {
    fn from(value: Value<'a>) -> FluentValue<'a> {
        match value {
            Value::Text(text) => FluentValue::from(text),
            Value::Number(number) => FluentValue::from(number),
        }
    }
}

/// Fluent writes numbers as Rust does; readers get their own digits. The number itself still goes
/// to Fluent, which needs it for the plural forms.
fn with_own_digits(value: &FluentValue<'_>, shared: &IntlLangMemoizer) -> Option<String> {
    let FluentValue::Number(number) = value else {
        return None;
    };
    let number: Decimal = number.value.to_string().parse().ok()?;
    shared
        .with_try_get::<Digits, _, _>((), |digits| digits.write(number))
        .ok()
}

/// The digits of a locale. Without ICU's data for it, Latin ones.
struct Digits(Option<DecimalFormatter>);

impl Digits {
    fn new(locale: &str) -> Digits {
        let locale: Option<Locale> = locale.parse().ok();
        Digits(locale.and_then(|locale| {
            DecimalFormatter::try_new(locale.into(), DecimalFormatterOptions::default()).ok()
        }))
    }

    fn write(&self, value: Decimal) -> String {
        match &self.0 {
            Some(formatter) => formatter.format_to_string(&value),
            None => value.to_string(),
        }
    }
}

impl Memoizable for Digits {
    type Args = ();
    type Error = ();

    fn construct(language: LanguageIdentifier, _: ()) -> Result<Digits, ()> {
        Ok(Digits::new(&language.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use crate::Language;

    fn messages(tag: &str) -> &'static super::Messages {
        Language::parse(tag).unwrap().messages()
    }

    #[test]
    fn numbers_come_in_the_readers_digits() {
        assert_eq!(messages("ar").number(&1_234_567), "١٬٢٣٤٬٥٦٧");
        assert_eq!(messages("ckb").number(&1_234_567), "١٬٢٣٤٬٥٦٧");
        assert_eq!(messages("en").number(&1_234_567), "1,234,567");
    }

    #[test]
    fn numbers_inside_messages_come_in_the_readers_digits() {
        let said = messages("ar").with_number("public-within", "minutes", &15);
        assert!(said.contains("١٥") && !said.contains("15"), "{said}");
    }

    #[test]
    fn shares_have_one_decimal_and_a_dash_for_no_answers() {
        // Read from right to left, the sign follows its number; a text of digits alone would turn it round.
        let arabic = messages("ar").share(&412, &1000);
        assert_eq!(arabic, "\u{61c}\u{2068}٤١٫٢\u{2069}٪");
        assert_eq!(messages("en").share(&1, &2), "\u{2068}50.0\u{2069}\u{a0}%");
        assert_eq!(messages("en").share(&0, &0), "–");
    }

    #[test]
    fn times_are_in_words_and_name_their_zone() {
        // 2026-11-23T16:09:59Z
        let said = |tag| messages(tag).moment(&1_795_450_199_000);
        let unisolated = |tag| said(tag).replace(['\u{2068}', '\u{2069}'], "");
        assert_eq!(unisolated("en"), "November 23, 2026 at 16:09 UTC");
        assert_eq!(
            unisolated("ar"),
            "٢٣ تشرين الثاني ٢٠٢٦ في ١٦:٠٩ بالتوقيت العالمي (UTC)"
        );
        assert_eq!(
            unisolated("ckb"),
            "٢٣ی تشرینی دووەمی ٢٠٢٦ ١٦:٠٩ بە کاتی جیهانی (UTC)"
        );
    }

    #[test]
    fn arabic_has_six_plural_forms() {
        let said: std::collections::BTreeSet<String> = [0, 1, 2, 3, 11, 100]
            .iter()
            .map(|count| messages("ar").with_number("changes-left", "count", count))
            .map(|said| said.chars().filter(|c| !c.is_numeric()).collect())
            .collect();
        assert!(said.len() >= 5, "{said:?}");
    }
}
