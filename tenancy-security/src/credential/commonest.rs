use std::collections::HashSet;
use std::sync::LazyLock;

use zeroize::Zeroizing;

/// In lower case.
static COMMONEST: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("commonest.txt").lines();
    lines.filter(|line| !line.starts_with('#')).collect()
});

/// Whether a password is among the first that are tried: a common one or a word about its owner,
/// with whatever digits and signs around it.
pub(super) fn is_guessed_first(password: &str, about: &[&str]) -> bool {
    let password = Zeroizing::new(password.to_lowercase());
    let word = core(&password);
    COMMONEST.contains(password.as_str())
        || COMMONEST.contains(word)
        || about.iter().any(|about| {
            let about = about.to_lowercase();
            *password == about || !word.is_empty() && word == core(&about)
        })
}

/// A text without the digits and signs at its ends.
fn core(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphabetic())
}
