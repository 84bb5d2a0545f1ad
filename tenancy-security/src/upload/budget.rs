use super::refusal::UploadRefusal;

/// What a picture would take up once it is decoded, counted from its headers.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    pixels_max: u64,
    decoded_bytes_left: u64,
    /// The first picture of the file, which is the one that is shown.
    size: Option<(u32, u32)>,
}

impl Budget {
    pub(super) fn new(pixels_max: u64, decoded_bytes_max: u64) -> Self {
        Self {
            pixels_max,
            decoded_bytes_left: decoded_bytes_max,
            size: None,
        }
    }

    /// A picture, a canvas or a frame.
    pub(super) fn picture(
        &mut self,
        width: u32,
        height: u32,
        pixel_bytes: u64,
    ) -> Result<(), UploadRefusal> {
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 {
            return Err(UploadRefusal::Malformed);
        }
        let left = self
            .decoded_bytes_left
            .checked_sub(pixels.saturating_mul(pixel_bytes));
        let (true, Some(left)) = (pixels <= self.pixels_max, left) else {
            return Err(UploadRefusal::TooManyPixels);
        };
        self.decoded_bytes_left = left;
        self.size.get_or_insert((width, height));
        Ok(())
    }

    pub(super) fn size(&self) -> Option<(u32, u32)> {
        self.size
    }
}
