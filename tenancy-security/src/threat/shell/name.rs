/// The longest name of a program.
pub(super) const LONGEST: usize = 24;

/// What shells pass over before a command's name.
pub(super) fn is_before_command(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t'
            | b'\r'
            | b'\n'
            | b'+'
            | b'|'
            | b'&'
            | b';'
            | b'('
            | b'{'
            | b'\''
            | b'"'
            | b'@'
            | b'!'
            | b')'
            | b'}'
            | b'`'
    )
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
        for &byte in value[start.min(value.len())..].iter().take(64) {
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
                b'\'' | b'"' | b'\\' | b'^' if name.end > start => {}
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
