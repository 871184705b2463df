//! The form of an answer, as anybody may post it.

use sijill_server::form::Form;

/// What reads is fields in UTF-8, and written as a form it reads as the same fields.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(form) = Form::parse(bytes) else {
        return;
    };
    let length: usize = form.answers.iter().map(String::len).sum();
    assert!(length <= bytes.len(), "fields grew while they were read");
    let mut written = form_urlencoded::Serializer::new(String::new());
    for answer in &form.answers {
        assert!(!answer.contains(char::REPLACEMENT_CHARACTER));
        written.append_pair("answer", answer);
    }
    written.append_pair("revision", &form.revision.to_string());
    assert_eq!(Form::parse(written.finish().as_bytes()), Ok(form));
}
