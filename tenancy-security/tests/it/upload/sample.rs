//! Files as programs write them.

use std::io::{Cursor, Write as _};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageFormat, RgbaImage};

/// A picture of many colours, so that its data is not all alike.
fn picture(width: u32, height: u32) -> DynamicImage {
    let color = |x, y| image::Rgba([(x * 7) as u8, (y * 11) as u8, (x * y) as u8, 255]);
    RgbaImage::from_fn(width, height, color).into()
}

fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let picture = picture(width, height);
    let picture = match format {
        ImageFormat::Jpeg => picture.to_rgb8().into(),
        _ => picture,
    };
    let mut bytes = Cursor::new(vec![]);
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    encoded(width, height, ImageFormat::Png)
}

pub(super) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    encoded(width, height, ImageFormat::Jpeg)
}

pub(super) fn webp(width: u32, height: u32) -> Vec<u8> {
    encoded(width, height, ImageFormat::WebP)
}

/// A GIF of so many frames.
pub(super) fn gif(width: u32, height: u32, frames: usize) -> Vec<u8> {
    let mut bytes = vec![];
    let mut encoder = GifEncoder::new(&mut bytes);
    for _ in 0..frames {
        let frame = Frame::new(picture(width, height).to_rgba8());
        encoder.encode_frame(frame).unwrap();
    }
    drop(encoder);
    bytes
}

/// The header of a lossy WebP, whose data nobody looks at.
pub(super) fn lossy_webp(width: u16, height: u16) -> Vec<u8> {
    let mut data = vec![0x10, 0, 0, 0x9D, 0x01, 0x2A];
    data.extend_from_slice(&width.to_le_bytes());
    data.extend_from_slice(&height.to_le_bytes());
    data.extend_from_slice(&[0; 20]);
    riff(&[(b"VP8 ", &data)])
}

pub(super) fn riff(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut inside = b"WEBP".to_vec();
    for (name, data) in chunks {
        inside.extend_from_slice(*name);
        inside.extend_from_slice(&(data.len() as u32).to_le_bytes());
        inside.extend_from_slice(data);
        inside.extend(vec![0; data.len() % 2]);
    }
    let mut whole = b"RIFF".to_vec();
    whole.extend_from_slice(&(inside.len() as u32).to_le_bytes());
    whole.extend_from_slice(&inside);
    whole
}

pub(super) fn pdf(inside: &str) -> Vec<u8> {
    format!(
        "%PDF-1.7\n1 0 obj\n<< /Type /Catalog {inside} >>\nendobj\n\
         trailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"
    )
    .into_bytes()
}

/// A PNG with a chunk put in before its data.
pub(super) fn png_with(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut png = png(8, 8);
    let mut chunk = (data.len() as u32).to_be_bytes().to_vec();
    chunk.extend_from_slice(name);
    chunk.extend_from_slice(data);
    chunk.extend_from_slice(&[0; 4]);
    // After the signature and the header.
    let at = 8 + 25;
    png.splice(at..at, chunk);
    png
}

/// A PNG that says something of itself in compressed form.
pub(super) fn compressed(name: &[u8; 4], words: &[u8]) -> Vec<u8> {
    let before: &[u8] = match name {
        b"iTXt" => b"Comment\0\x01\0en\0Note\0",
        _ => b"Comment\0\0",
    };
    png_with(name, &[before, &zlib(words)].concat())
}

pub(super) fn zlib(words: &[u8]) -> Vec<u8> {
    let mut compressed = ZlibEncoder::new(vec![], Compression::best());
    compressed.write_all(words).unwrap();
    compressed.finish().unwrap()
}

/// A JPEG with a segment put in at its beginning.
pub(super) fn jpeg_with(code: u8, data: &[u8]) -> Vec<u8> {
    let mut jpeg = jpeg(8, 8);
    let mut segment = vec![0xFF, code];
    segment.extend_from_slice(&(data.len() as u16 + 2).to_be_bytes());
    segment.extend_from_slice(data);
    jpeg.splice(2..2, segment);
    jpeg
}

/// A GIF with a comment before its end.
pub(super) fn gif_with(comment: &[u8]) -> Vec<u8> {
    let mut gif = gif(8, 8, 1);
    assert_eq!(gif.pop(), Some(b';'));
    gif.extend_from_slice(&[b'!', 0xFE]);
    for block in comment.chunks(255) {
        gif.push(block.len() as u8);
        gif.extend_from_slice(block);
    }
    gif.extend_from_slice(&[0, b';']);
    gif
}

/// An archive with one empty file.
pub(super) fn zip() -> Vec<u8> {
    let mut zip = b"PK\x03\x04\x0A\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0a".to_vec();
    zip.extend_from_slice(b"PK\x01\x02");
    zip.extend_from_slice(&[0; 43]);
    zip.extend_from_slice(b"PK\x05\x06");
    zip.extend_from_slice(&[0; 18]);
    zip
}
