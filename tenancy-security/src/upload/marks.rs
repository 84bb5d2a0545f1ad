//! Beginnings of what other programs run, looked for in files that should have none of it.

/// Long enough that compressed data does not hold them by chance, so they are looked for everywhere.
pub(super) const ANYWHERE: &[&[u8]] = &[b"<script", b"<?php", b"<iframe", b"<!doctype h"];

/// Looked for where a picture keeps words about itself, which is too little for chance.
pub(super) const IN_METADATA: &[&[u8]] = &[
    b"%PDF-",
    b"<!doctype h",
    b"<?=$",
    b"<?=`",
    b"<?php",
    b"<body",
    b"<embed",
    b"<head",
    b"<html",
    b"<iframe",
    b"<object",
    b"<script",
    b"<svg",
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"PK\x05\x06",
];

/// The longest mark, in bytes.
const MARK_BYTES_MAX: usize = 11;

/// Looks for marks in bytes that come in pieces.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    marks: &'static [&'static [u8]],
    /// The end of what has come, of which a mark may be the beginning.
    last: Vec<u8>,
}

impl Marks {
    pub(super) fn new(marks: &'static [&'static [u8]]) -> Self {
        debug_assert!(marks.iter().all(|mark| mark.len() <= MARK_BYTES_MAX));
        Self {
            marks,
            last: Vec::with_capacity(2 * MARK_BYTES_MAX),
        }
    }

    /// Whether there is one, up to here.
    pub(super) fn are_in(&mut self, piece: &[u8]) -> bool {
        let beginning = &piece[..piece.len().min(MARK_BYTES_MAX)];
        self.last.extend_from_slice(beginning);
        if self.find(&self.last) || self.find(piece) {
            return true;
        }
        if piece.len() > MARK_BYTES_MAX {
            self.last.clear();
            let end = &piece[piece.len() - MARK_BYTES_MAX..];
            self.last.extend_from_slice(end);
        } else {
            let surplus = self.last.len().saturating_sub(MARK_BYTES_MAX);
            self.last.drain(..surplus);
        }
        false
    }

    fn find(&self, bytes: &[u8]) -> bool {
        let first = |byte: u8| matches!(byte, b'%' | b'<' | b'P');
        bytes.iter().enumerate().any(|(at, &byte)| {
            first(byte)
                && self.marks.iter().any(|mark| {
                    let here = bytes.get(at..at + mark.len());
                    here.is_some_and(|here| here.eq_ignore_ascii_case(mark))
                })
        })
    }
}
