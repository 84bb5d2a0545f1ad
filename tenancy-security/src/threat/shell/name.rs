use super::commands::COMMANDS;

/// The longest name of a program.
pub(super) const LONGEST: usize = 24;

/// What shells pass over before a command's name.
pub(super) fn is_before_command(byte: u8) -> bool {
    IS_BEFORE[usize::from(byte)]
}

static IS_BEFORE: [bool; 256] = table(b" \t\r\n+|&;({'\"@!)}`");

/// What names of programs are made of.
static IS_PLAIN: [bool; 256] =
    table(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

const fn table(list: &[u8]) -> [bool; 256] {
    let mut bytes = [false; 256];
    let mut at = 0;
    while at < list.len() {
        bytes[list[at] as usize] = true;
        at += 1;
    }
    bytes
}

/// The name of a program as a shell reads it: without quotes and backslashes, behind its folder.
#[derive(Debug)]
pub(super) struct Name {
    letters: [u8; LONGEST],
    length: usize,
    pub(super) end: usize,
    pub(super) in_folder: bool,
    /// It holds wildcards or empty variables.
    pub(super) is_masked: bool,
}

impl Name {
    /// Whether a program's name may begin `text`: a known one, or one that is written oddly.
    pub(super) fn may_be_known(text: &[u8]) -> bool {
        let is_plain = |byte: &u8| IS_PLAIN[usize::from(*byte)];
        let length = text
            .iter()
            .take(LONGEST + 1)
            .take_while(|byte| is_plain(byte))
            .count();
        let is_odd = |byte: &u8| matches!(byte, b'/' | b'\\' | b'\'' | b'"' | b'^');
        let is_broken = length > 0 && matches!(text[length..], [b'$', b'@' | b'*', ..]);
        is_broken || text.get(length).is_some_and(is_odd) || {
            let name = &text[..length.min(LONGEST)];
            let name =
                name.split_at_checked(name.len().wrapping_sub(4))
                    .map_or(name, |(stem, end)| {
                        if end.eq_ignore_ascii_case(b".exe") {
                            stem
                        } else {
                            name
                        }
                    });
            length > LONGEST || COMMANDS.get(name).is_some()
        }
    }

    pub(super) fn read(value: &[u8], start: usize) -> Self {
        let mut name = Self {
            letters: [0; LONGEST],
            length: 0,
            end: start,
            in_folder: false,
            is_masked: false,
        };
        let mut folders = 0;
        let mut wildcards = 0;
        let written = &value[start.min(value.len())..];
        let written = &written[..written.len().min(64)];
        while let Some(&byte) = written.get(name.end - start) {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => {
                    if name.length < LONGEST {
                        name.letters[name.length] = byte.to_ascii_lowercase();
                        name.length += 1;
                    }
                }
                b'/' | b'\\' if byte == b'/' || folders > 0 => {
                    let folder = &name.letters[..name.length];
                    folders += 1;
                    if matches!(folder, b"bin" | b"sbin") {
                        name.in_folder = true;
                    }
                    name.length = 0;
                }
                // A line break that is written down ends the name; within one it is two letters.
                b'\\' if ends_line(&written[name.end - start + 1..]) => break,
                b'\'' | b'"' | b'\\' | b'^' if name.end > start => {}
                // Variables that are empty unless somebody sets them.
                b'$' if matches!(written[name.end - start + 1..], [b'@' | b'*', ..]) => {
                    name.end += 1;
                }
                b'?' | b'*' | b'[' | b']' if folders > 0 => wildcards += 1,
                _ => break,
            }
            name.end += 1;
        }
        name.is_masked = folders >= 2 && wildcards > 0 && value.get(start) == Some(&b'/');
        // A closing quote belongs to what follows.
        while name.end > start && matches!(value[name.end - 1], b'\'' | b'"') {
            name.end -= 1;
        }
        if folders > 0 && !name.in_folder {
            name.length = 0;
        }
        name
    }

    pub(super) fn name(&self) -> &[u8] {
        let name = &self.letters[..self.length];
        name.strip_suffix(b".exe").unwrap_or(name)
    }
}

/// `n` or `r`, and no further letter.
fn ends_line(rest: &[u8]) -> bool {
    matches!(rest, [b'n' | b'r', rest @ ..] if !rest.first().is_some_and(u8::is_ascii_alphanumeric))
}
