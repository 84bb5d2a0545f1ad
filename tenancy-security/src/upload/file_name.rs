use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

/// The longest name, in bytes: what file systems take.
const BYTES_MAX: usize = 255;

/// How often a name may have been encoded by those on its way.
const ENCODINGS_MAX: usize = 3;

/// Endings that servers run or browsers obey, so that they stand nowhere in a name: some servers look
/// at every part.
const ACTIVE: &[&str] = &[
    "asa", "asax", "ascx", "ashx", "asmx", "asp", "aspx", "bash", "cer", "cfm", "cgi", "config",
    "csh", "fcgi", "hta", "htaccess", "htm", "html", "htpasswd", "ini", "jar", "js", "jsp", "jspf",
    "jspx", "jsw", "ksh", "mht", "mhtml", "mjs", "phar", "php", "php2", "php3", "php4", "php5",
    "php6", "php7", "php8", "phps", "pht", "phtm", "phtml", "pl", "ps1", "py", "pyc", "rb", "sh",
    "shtm", "shtml", "stm", "svg", "svgz", "swf", "vbs", "war", "wsf", "xht", "xhtml", "xml",
    "xsl", "xslt",
];

/// Names that Windows takes for devices, whatever follows their first dot.
const DEVICES: &[&str] = &["aux", "clock$", "con", "conin$", "conout$", "nul", "prn"];

/// The name that a client gives a file: for people, and never for the place where it is stored.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct FileName(Box<str>);

/// Why a text is no [`FileName`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidFileName {
    /// An ending in the middle that a server could run: `shell.php.jpg`.
    #[error("the file's name has a second ending that programs have")]
    ActiveEnding,
    /// A control character, such as the NUL in `a.jpg%00.php`.
    #[error("the file's name has a control character")]
    Control,
    /// A name that Windows takes for a device: `CON.txt`.
    #[error("the file's name is that of a device")]
    Device,
    /// A character that changes the direction of writing, so that `gpj.exe` reads as another name.
    #[error("the file's name changes its direction of writing")]
    Direction,
    /// Nothing.
    #[error("the file has no name")]
    Empty,
    /// Encoded again and again.
    #[error("the file's name is encoded more than once")]
    Encoded,
    /// A dot, a hyphen or a blank at the beginning, a dot or a blank at the end.
    #[error("the file's name begins with a dot, hyphen or blank, or ends with a dot or blank")]
    Ends,
    /// A folder: `../../x`, `C:\x`, or another stream of a file.
    #[error("the file's name has a folder in it")]
    Folder,
    /// More than 255 bytes.
    #[error("the file's name has more than 255 bytes")]
    TooLong,
}

impl FileName {
    /// The name, decoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the last dot, if there is one.
    pub fn extension(&self) -> Option<&str> {
        self.0.rsplit_once('.').map(|(_, extension)| extension)
    }
}

/// As it was sent; what is percent-encoded in it is decoded first.
impl FromStr for FileName {
    type Err = InvalidFileName;

    fn from_str(sent: &str) -> Result<Self, InvalidFileName> {
        check(sent)?;
        let mut name = sent.to_owned();
        for _ in 0..ENCODINGS_MAX {
            let decoded = percent_decode_str(&name).decode_utf8_lossy().into_owned();
            if decoded == name {
                return Ok(Self(name.into()));
            }
            check(&decoded)?;
            name = decoded;
        }
        Err(InvalidFileName::Encoded)
    }
}

fn check(name: &str) -> Result<(), InvalidFileName> {
    let Some(first) = name.chars().next() else {
        return Err(InvalidFileName::Empty);
    };
    if name.len() > BYTES_MAX {
        return Err(InvalidFileName::TooLong);
    }
    if name.chars().any(is_control) {
        return Err(InvalidFileName::Control);
    }
    if name.contains(['\u{202A}', '\u{202B}', '\u{202C}', '\u{202D}', '\u{202E}'])
        || name.contains(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'])
    {
        return Err(InvalidFileName::Direction);
    }
    let has_drive = name.as_bytes().get(1) == Some(&b':');
    if name.contains(['/', '\\']) || name.contains("::") || has_drive {
        return Err(InvalidFileName::Folder);
    }
    let is_blank_or_dot = |character: char| character == '.' || character.is_whitespace();
    if is_blank_or_dot(first) || first == '-' || name.ends_with(is_blank_or_dot) {
        return Err(InvalidFileName::Ends);
    }
    let lower = name.to_lowercase();
    let mut parts = lower.split('.');
    if parts.next().is_some_and(is_device) {
        return Err(InvalidFileName::Device);
    }
    // The last one decides what the file is, and is looked at there.
    parts.next_back();
    if parts.any(is_active) {
        return Err(InvalidFileName::ActiveEnding);
    }
    Ok(())
}

/// A control character, or one that ends a line.
fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Servers cut an ending at the first character that does not belong to it, as in `a.asp;.jpg`.
fn is_active(part: &str) -> bool {
    let part = part.trim_start();
    let end = part.find(|character: char| !character.is_ascii_alphanumeric());
    ACTIVE.contains(&&part[..end.unwrap_or(part.len())])
}

fn is_device(stem: &str) -> bool {
    let stem = stem.trim_end();
    let numbered = |device: &str| {
        let number = stem.strip_prefix(device).unwrap_or_default();
        let mut characters = number.chars();
        let is_number = |one: char| one.is_ascii_digit() || matches!(one, '¹' | '²' | '³');
        characters.next().is_some_and(is_number) && characters.next().is_none()
    };
    DEVICES.contains(&stem) || numbered("com") || numbered("lpt")
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
