//! How this program was called, so that what it tells people to type works where they stand.

use std::path::Path;

/// The words that call this program: `sijill`, or `cargo run --release --` where cargo started it.
pub fn command() -> String {
    let program = std::env::args().next().unwrap_or_default();
    let by_cargo = std::env::var_os("CARGO").is_some();
    match (
        by_cargo,
        program.contains("/release/") || program.contains("target/release"),
    ) {
        (true, true) => "cargo run --release --".to_owned(),
        (true, false) => "cargo run --".to_owned(),
        (false, _) if program.contains('/') => word(&program),
        (false, _) => "sijill".to_owned(),
    }
}

/// A path as a word of a command line.
pub fn path(path: &Path) -> String {
    word(&path.display().to_string())
}

/// A text as one word of a command line.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "./-_+:=@".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_blanks_stays_one_word() {
        assert_eq!(path(Path::new("./sijill-demo")), "./sijill-demo");
        assert_eq!(path(Path::new("my demo")), "'my demo'");
        assert_eq!(path(Path::new("it's")), "'it'\\''s'");
    }
}
