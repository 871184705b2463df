//! The beginning of a text that somebody else wrote, short enough to stand in a message.

const CHARACTERS_MAX: usize = 80;

/// The first 80 characters of `bytes`; what is no UTF-8 or a control character is shown as U+FFFD.
pub(crate) fn excerpt(bytes: impl AsRef<[u8]>) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let text = String::from_utf8_lossy(bytes.as_ref());
    text.chars().take(CHARACTERS_MAX).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_neither_all_of_a_long_text_nor_what_moves_a_cursor() {
        assert_eq!(excerpt("سجل".repeat(99)).chars().count(), 80);
        assert_eq!(excerpt(b"a\x1b[2J\r\xff"), "a\u{fffd}[2J\u{fffd}\u{fffd}");
    }
}
