//! The suite of [`Media`].

use tenancy_core::TenantScope;

use super::{refusal, refused};
use crate::ErrorKind;
use crate::fixtures::media_file;
use crate::media::{Media, MediaQuery, NewMediaFile};
use crate::page::Limit;

/// Runs the whole suite on a store whose shops may have 1,000 bytes of files each.
pub async fn all(media: &impl Media, a: &TenantScope, b: &TenantScope) {
    keeps_tenants_apart(media, a, b).await;
    counts_bytes(media, a, b).await;
    checks_what_is_said_of_a_file(media, a).await;
    lists_and_filters(media, b).await;
}

/// Another shop's file is none.
pub async fn keeps_tenants_apart(media: &impl Media, a: &TenantScope, b: &TenantScope) {
    let ours = media.insert(a, &media_file("one", 10)).await.unwrap();
    let theirs = media.insert(b, &media_file("one", 20)).await.unwrap();
    assert_ne!(ours, theirs);
    assert_eq!(media.find(a, ours.id).await.unwrap(), ours);
    assert_eq!(refusal(media.find(b, ours.id).await), ErrorKind::NotFound);
    assert_eq!(refusal(media.delete(b, ours.id).await), ErrorKind::NotFound);
    assert_eq!(media.delete(a, ours.id).await.unwrap(), ours);
    assert_eq!(refusal(media.delete(a, ours.id).await), ErrorKind::NotFound);
    assert!(!media.is_used(a, &ours.blob_key).await.unwrap());
    assert!(media.is_used(b, &ours.blob_key).await.unwrap());
    assert_eq!(media.find(b, theirs.id).await.unwrap(), theirs);
    media.delete(b, theirs.id).await.unwrap();
}

/// A shop's files have no more bytes together than they may, and what is deleted is free again.
pub async fn counts_bytes(media: &impl Media, a: &TenantScope, b: &TenantScope) {
    let add = async |name: &str, bytes| media.insert(a, &media_file(name, bytes)).await;
    assert_eq!(refusal(add("huge", 1_001).await), ErrorKind::QuotaExceeded);
    let first = add("first", 600).await.unwrap();
    assert_eq!(refusal(add("large", 401).await), ErrorKind::QuotaExceeded);
    let second = add("second", 400).await.unwrap();
    assert_eq!(refusal(add("small", 1).await), ErrorKind::QuotaExceeded);
    let empty = add("empty", 0).await.unwrap();
    assert_eq!(media.bytes(a).await.unwrap(), 1_000);
    assert_eq!(media.bytes(b).await.unwrap(), 0);
    media.delete(a, first.id).await.unwrap();
    assert_eq!(media.bytes(a).await.unwrap(), 400);
    let again = add("again", 600).await.unwrap();
    for file in [second, empty, again] {
        media.delete(a, file.id).await.unwrap();
    }
    assert_eq!(media.bytes(a).await.unwrap(), 0);
}

/// Words are bounded, and blanks and slashes around a folder are not part of it.
pub async fn checks_what_is_said_of_a_file(media: &impl Media, scope: &TenantScope) {
    let plain = media_file("plain", 1);
    let long = "x".repeat(501);
    for (field, file) in [
        (
            "folder",
            NewMediaFile {
                folder: "a\nb".to_owned(),
                ..plain.clone()
            },
        ),
        (
            "name",
            NewMediaFile {
                name: long.clone(),
                ..plain.clone()
            },
        ),
        (
            "alt",
            NewMediaFile {
                alt: long,
                ..plain.clone()
            },
        ),
    ] {
        assert_eq!(refused(media.insert(scope, &file).await), [field]);
    }
    let file = NewMediaFile {
        folder: " /a/b/ ".to_owned(),
        alt: " A lamp ".to_owned(),
        size: None,
        ..plain
    };
    let file = media.insert(scope, &file).await.unwrap();
    assert_eq!((&*file.folder, &*file.alt), ("a/b", "A lamp"));
    assert_eq!((file.width, file.height), (None, None));
    assert_eq!(media.find(scope, file.id).await.unwrap(), file);
    media.delete(scope, file.id).await.unwrap();
}

/// The newest come first, page by page, and type and folder narrow the list.
pub async fn lists_and_filters(media: &impl Media, scope: &TenantScope) {
    for (name, folder, content_type) in [
        ("one", "lamps", "image/png"),
        ("two", "", "application/pdf"),
        ("three", "lamps", "application/pdf"),
        ("four", "lamps", "image/png"),
    ] {
        let file = NewMediaFile {
            folder: folder.to_owned(),
            content_type: content_type.to_owned(),
            ..media_file(name, 1)
        };
        media.insert(scope, &file).await.unwrap();
    }
    let names = async |folder: Option<&str>, content_type: Option<&str>| {
        let mut query = MediaQuery {
            folder: folder.map(str::to_owned),
            content_type: content_type.map(str::to_owned),
            limit: Limit::new(2),
            after: None,
        };
        let mut names = Vec::new();
        loop {
            let page = media.list(scope, &query).await.unwrap();
            names.extend(page.items.into_iter().map(|one| one.name));
            query.after = page.next;
            if query.after.is_none() {
                return names;
            }
        }
    };
    assert_eq!(names(None, None).await, ["four", "three", "two", "one"]);
    assert_eq!(names(Some("/lamps"), None).await, ["four", "three", "one"]);
    assert_eq!(names(Some(""), None).await, ["two"]);
    assert_eq!(names(None, Some("application/pdf")).await, ["three", "two"]);
    assert_eq!(
        names(Some("lamps"), Some("image/png")).await,
        ["four", "one"]
    );
    assert_eq!(names(Some("lamp"), None).await, [""; 0]);
}
