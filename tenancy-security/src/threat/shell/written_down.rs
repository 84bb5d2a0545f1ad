//! Command lines that people write to each other.

use super::name::LONGEST;
use crate::threat::words::Words;

/// What they begin with.
static FIRST: Words<(), 64> = Words::new(&[
    ("apt", ()),
    ("apt-get", ()),
    ("brew", ()),
    ("cargo", ()),
    ("cat", ()),
    ("cd", ()),
    ("composer", ()),
    ("docker", ()),
    ("echo", ()),
    ("export", ()),
    ("git", ()),
    ("go", ()),
    ("grep", ()),
    ("kubectl", ()),
    ("ls", ()),
    ("make", ()),
    ("mkdir", ()),
    ("npm", ()),
    ("npx", ()),
    ("pip", ()),
    ("pip3", ()),
    ("pnpm", ()),
    ("ps", ()),
    ("yarn", ()),
]);

/// What stands behind it: a tool of programmers, or what sorts and counts another command's output.
static NEXT: Words<(), 64> = Words::new(&[
    ("apt", ()),
    ("apt-get", ()),
    ("cd", ()),
    ("column", ()),
    ("cp", ()),
    ("cut", ()),
    ("docker", ()),
    ("git", ()),
    ("grep", ()),
    ("head", ()),
    ("jq", ()),
    ("kubectl", ()),
    ("less", ()),
    ("make", ()),
    ("mkdir", ()),
    ("more", ()),
    ("mv", ()),
    ("npm", ()),
    ("pip", ()),
    ("sort", ()),
    ("tail", ()),
    ("touch", ()),
    ("tr", ()),
    ("uniq", ()),
    ("wc", ()),
]);

/// What tells an attacker of the machine and is an ordinary word as well.
static TELLING: Words<(), 32> = Words::new(&[
    ("arch", ()),
    ("env", ()),
    ("groups", ()),
    ("history", ()),
    ("hostname", ()),
    ("id", ()),
    ("ip", ()),
    ("last", ()),
    ("mount", ()),
    ("ps", ()),
    ("route", ()),
    ("uptime", ()),
    ("w", ()),
    ("who", ()),
]);

/// Whether a command of this name, as it is written, tells who and where one is.
pub(super) fn tells(name: &[u8]) -> bool {
    !name.iter().any(u8::is_ascii_uppercase) && TELLING.get(name).is_some()
}

/// Whether a command of this name stands in instructions or a question.
///
/// Who injects a command goes on where another value ends, so none begins with a tool like these; and
/// what is named behind it tells an attacker nothing.
pub(super) fn is_written_down(value: &[u8], name: &[u8]) -> bool {
    if NEXT.get(name).is_none() {
        return false;
    }
    let first = value.iter().take(LONGEST);
    let length = first.take_while(|byte| **byte > b' ').count();
    length < value.len() && FIRST.get(&value[..length]).is_some()
}
