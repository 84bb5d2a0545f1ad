use std::path::{Path, PathBuf};

/// A file of the real shops' data, which lies beside the repository and not in it.
///
/// `None`, with a printed sentence, where it is absent; a test says so and passes.
pub fn shared_data(path: impl AsRef<Path>) -> Option<PathBuf> {
    shared("data", path.as_ref())
}

/// A file of the attack and prose corpora, which lie beside the repository and not in it.
///
/// `None`, with a printed sentence, where it is absent; a test says so and passes.
pub fn shared_corpus(path: impl AsRef<Path>) -> Option<PathBuf> {
    shared("corpora", path.as_ref())
}

fn shared(kind: &str, path: &Path) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ has a parent");
    let relative = Path::new("../shared").join(kind).join(path);
    let file = workspace.join(&relative);
    if file.exists() {
        return Some(file);
    }
    println!(
        "{} is absent, so what depends on it is not tested",
        relative.display()
    );
    None
}
