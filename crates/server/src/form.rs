//! The form of an answer as it is posted: bytes in, fields out. Pure, and the first to see what strangers send; how many
//! bytes it is given is `limits::FORM_BYTES_MAX`'s.

/// A submission as it came: nothing of it is judged yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Every `answer` field, in order.
    pub answers: Vec<String>,
    /// The revision that it makes; the last field of this name counts, and without one it is the first.
    pub revision: u8,
}

/// Why a body is no form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormFault {
    /// Not UTF-8, before or after decoding.
    #[error("the form is not UTF-8")]
    NotUtf8,
    /// A revision that is no number from 0 to 255.
    #[error("the form's revision is no number from 0 to 255")]
    Revision,
}

impl Form {
    /// Reads an `application/x-www-form-urlencoded` body. Fields of other names are passed over.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| FormFault::NotUtf8)?;
        let mut form = Self {
            answers: Vec::new(),
            revision: 1,
        };
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            // What is not UTF-8 after decoding comes as U+FFFD, which no id has.
            if value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(FormFault::NotUtf8);
            }
            match name.as_ref() {
                "answer" => form.answers.push(value.into_owned()),
                "revision" => form.revision = value.parse().map_err(|_| FormFault::Revision)?,
                _ => {}
            }
        }
        Ok(form)
    }
}
