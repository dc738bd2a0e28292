//! Text that comes from files and arguments, made printable: it cannot drive a terminal, and a line is one line.
//!
//! The rules are those of `cli/output.py`, so that both programs say the same.

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const MOST_CHARACTERS: usize = 600;

/// A path's text, with bytes that are none written out as Python writes them.
pub fn path_text(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\udc{byte:02x}"); // a String takes everything
        }
    }
    text
}

/// The text with every control character written out.
pub fn printable(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if is_printable(c) {
            shown.push(c);
        } else {
            shown.push_str(&written_out(c));
        }
    }
    shown
}

/// Printable, without line breaks, and not endless.
pub fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
    let line = printable(&words.join(" "));
    if line.chars().count() <= MOST_CHARACTERS {
        return line;
    }
    let beginning: String = line.chars().take(MOST_CHARACTERS - 3).collect();
    beginning + "..."
}

/// Unicode's white space, and the four separators that Python counts to it.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// Neither a control, format, private or unassigned character nor a separator other than the space.
fn is_printable(c: char) -> bool {
    // Debug text escapes just those, and for its own sake quotes, backslashes and, where they come first, marks.
    matches!(c, '"' | '\'' | '\\') || format!("a{c}").escape_debug().count() == 2
}

fn written_out(c: char) -> String {
    match (c, u32::from(c)) {
        ('\n', _) => "\\n".to_owned(),
        ('\r', _) => "\\r".to_owned(),
        ('\t', _) => "\\t".to_owned(),
        (_, code @ ..=0xff) => format!("\\x{code:02x}"),
        (_, code @ ..=0xffff) => format!("\\u{code:04x}"),
        (_, code) => format!("\\U{code:08x}"),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn nothing_drives_a_terminal() {
        for (text, expected) in [
            ("plain 'quoted' \"text\" \\", "plain 'quoted' \"text\" \\"),
            ("é 漢 e\u{301} 🦀", "é 漢 e\u{301} 🦀"),
            ("\x1b[31m\n\r\t\x7f", "\\x1b[31m\\n\\r\\t\\x7f"),
            ("\u{a0}\u{ad}\u{2028}\u{202e}\u{e000}\u{10ffff}", "\\xa0\\xad\\u2028\\u202e\\ue000\\U0010ffff"),
        ] {
            assert_eq!(printable(text), expected);
        }
        let path = Path::new(OsStr::from_bytes(b"a\xff\xc3\xa9\xc3"));
        assert_eq!(path_text(path), "a\\udcff\u{e9}\\udcc3");
    }

    #[test]
    fn a_line_is_one_and_ends() {
        assert_eq!(one_line(" a\n\n b\u{2003}c\x1cd\x1b "), "a b c d\\x1b");
        let (most, more) = ("x".repeat(MOST_CHARACTERS), "é".repeat(MOST_CHARACTERS + 1));
        assert_eq!(one_line(&most), most);
        assert_eq!(one_line(&more), "é".repeat(MOST_CHARACTERS - 3) + "...");
    }
}
