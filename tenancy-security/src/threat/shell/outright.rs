//! Programs whose arguments leave no doubt.

use super::arguments::begins_with_sign;
use super::commands::{COMMANDS, Command};
use super::name::Name;

/// How far arguments are looked at.
const LONGEST: usize = 128;

/// The folders that every Unix has at its root.
const ROOTS: &[&str] = &[
    "bin", "boot", "dev", "etc", "home", "opt", "proc", "root", "sys", "tmp", "usr", "var",
];

/// Whether a program with these arguments is an attack without any separator.
pub(super) fn is_outright(name: &[u8], rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    let is_whole = rest.len() <= LONGEST;
    let rest = &rest[..rest.len().min(LONGEST)];
    match name {
        b"ping" => matches!(rest, [b'-', b'n' | b'c' | b'i', b' ', b'0'..=b'9', ..]),
        b"wget" | b"curl" | b"iwr" | b"invoke-webrequest" => {
            rest.starts_with(b"http") && rest.iter().filter(|&&byte| byte == b' ').count() <= 2
        }
        b"dir" => rest.get(1) == Some(&b':'),
        b"nohup" | b"strace" | b"sudo" | b"xargs" => {
            let name = Name::read(rest, 0);
            COMMANDS.get(name.name()) == Some(Command::Shell) && begins_with_sign(&rest[name.end..])
        }
        b"nc" | b"ncat" | b"netcat" => {
            let mut words = words(rest);
            rest.starts_with(b"-")
                && words.any(|word| word.starts_with(b"-") && word.ends_with(b"e"))
        }
        b"net" => manages_windows(rest),
        b"netsh" => {
            let first = words(rest).next().unwrap_or_default();
            let parts = [
                b"firewall".as_slice(),
                b"advfirewall",
                b"interface",
                b"wlan",
                b"trace",
            ];
            parts.iter().any(|part| first.eq_ignore_ascii_case(part))
        }
        b"reg" => {
            let mut words = words(rest);
            let _verb = words.next();
            let key = words.next().unwrap_or_default();
            let key = key.strip_prefix(b"\"").unwrap_or(key);
            key.first_chunk::<2>()
                .is_some_and(|root| root.eq_ignore_ascii_case(b"hk"))
        }
        _ => is_whole && is_about_the_system(rest),
    }
}

/// `net user`, `net localgroup administrators me /add`.
fn manages_windows(rest: &[u8]) -> bool {
    let mut words = words(rest);
    let first = words.next().unwrap_or_default();
    let verbs = [
        b"user".as_slice(),
        b"localgroup",
        b"group",
        b"view",
        b"share",
        b"accounts",
    ];
    verbs.iter().any(|verb| first.eq_ignore_ascii_case(verb))
        && (first.len() == rest.trim_ascii_end().len()
            || words.any(|word| matches!(word, [b'/', letter, ..] if letter.is_ascii_alphabetic())))
}

/// Options and paths of the system, and nothing else: `cat /etc/hosts`, `ls -l /`.
fn is_about_the_system(rest: &[u8]) -> bool {
    let mut has_path = false;
    words(rest).all(|word| {
        let is_path = is_system_path(word);
        has_path |= is_path;
        is_path || word.starts_with(b"-")
    }) && has_path
}

fn is_system_path(word: &[u8]) -> bool {
    let Some(path) = word.strip_prefix(b"/") else {
        return false;
    };
    let first = path.split(|&byte| byte == b'/').next().unwrap_or_default();
    matches!(first, b"" | b"*") || ROOTS.iter().any(|root| root.as_bytes() == first)
}

fn words(rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    let words = rest.split(|&byte| byte.is_ascii_whitespace() || byte == b'+');
    words.filter(|word| !word.is_empty())
}
