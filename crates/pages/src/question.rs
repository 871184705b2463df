//! The question block: the part of the answer page that entry 0 commits to.
//!
//! Written by hand, not by a template, so that its bytes change only when somebody means it. An
//! auditor builds the same bytes from the signed definition alone:
//!
//! ```text
//! <fieldset lang="LANGUAGE" dir="DIRECTION" data-question="QUESTION ID" id="question">\n
//! <legend><h1>QUESTION TEXT</h1></legend>\n
//! <label><input type="radio" name="answer" value="OPTION ID" id="answer-OPTION ID"> <span>OPTION LABEL</span></label>\n
//! … one such line for each option, in the order in which they are given
//! </fieldset>\n
//! ```
//!
//! Every line ends with one line feed (written `\n` above, and there is no other). In each value
//! `&`, `<`, `>`, `"` and `'` are written `&amp;`, `&lt;`, `&gt;`, `&quot;` and `&#39;`; all else is
//! UTF-8 as it stands in the definition. The page puts the block into its form as it is. What is committed to is the
//! block in the definition's order; where options are rotated, a page has the same lines in another order, and which is
//! `poll`'s to say.

use std::fmt::Write as _;

use crate::Language;

/// A question in one language, as the definition has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionView {
    /// The language of the texts.
    pub language: Language,
    /// The question's id in the definition.
    pub question_id: String,
    /// The question as asked.
    pub question_text: String,
    /// The options in the order in which they are shown.
    pub options: Vec<OptionView>,
}

/// One option in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionView {
    /// The option's id in the definition, and the value that the form sends.
    pub id: String,
    /// What the respondent reads.
    pub label: String,
}

/// The exact HTML of question and options, the same for every respondent who is shown them in this order.
///
/// Byte-stable: in the definition's order, its SHA-256 for each language stands in entry 0, so a running poll depends on
/// every byte. It holds nothing else that varies by respondent: no choice made, no error, no address.
pub fn question_block(question: &QuestionView) -> String {
    let language = question.language;
    let mut block = format!(
        "<fieldset lang=\"{}\" dir=\"{}\" data-question=\"{}\" id=\"question\">\n<legend><h1>{}</h1></legend>\n",
        language.tag(),
        language.dir(),
        escape(&question.question_id),
        escape(&question.question_text),
    );
    for option in &question.options {
        let (id, label) = (escape(&option.id), escape(&option.label));
        // Writing into a String cannot fail.
        let _ = writeln!(
            block,
            "<label><input type=\"radio\" name=\"answer\" value=\"{id}\" id=\"answer-{id}\"> <span>{label}</span></label>"
        );
    }
    block.push_str("</fieldset>\n");
    block
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
