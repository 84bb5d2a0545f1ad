use super::file_name::FileName;
use super::file_type::FileType;
use super::inspection::Inspection;
use super::refusal::UploadRefusal;

/// Which files are taken: JPEG, PNG, WebP and GIF pictures of up to 64 million pixels and PDF documents,
/// of up to 10 MiB each, unless changed.
#[derive(Clone, Debug)]
pub struct UploadPolicy {
    pub(super) types: Vec<FileType>,
    pub(super) bytes_max: u64,
    pub(super) pixels_max: u64,
    pub(super) decoded_bytes_max: u64,
}

/// Changes an [`UploadPolicy`].
#[derive(Clone, Debug)]
#[must_use]
pub struct UploadPolicyBuilder(UploadPolicy);

impl UploadPolicyBuilder {
    /// Takes only files of these types. [`FileType::Svg`] and [`FileType::Html`] are taken as they are,
    /// and served as downloads.
    pub fn types(mut self, types: impl IntoIterator<Item = FileType>) -> Self {
        self.0.types = types.into_iter().collect();
        self
    }

    /// The largest file, in bytes. Default: 10 MiB.
    pub fn bytes_max(mut self, bytes_max: u64) -> Self {
        self.0.bytes_max = bytes_max;
        self
    }

    /// The largest picture, in pixels; each frame and the whole canvas are such. Default: 64 million.
    pub fn pixels_max(mut self, pixels_max: u64) -> Self {
        self.0.pixels_max = pixels_max;
        self
    }

    /// What all frames of a picture together may take up once they are decoded, in bytes. Default:
    /// 512 MiB.
    pub fn decoded_bytes_max(mut self, decoded_bytes_max: u64) -> Self {
        self.0.decoded_bytes_max = decoded_bytes_max;
        self
    }

    /// The policy.
    pub fn build(self) -> UploadPolicy {
        self.0
    }
}

impl UploadPolicy {
    /// The default, to be changed.
    pub fn builder() -> UploadPolicyBuilder {
        UploadPolicyBuilder(Self::default())
    }

    /// The largest file, in bytes.
    pub fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// Judges a file by its name and the type that the client declares, before any of it was read.
    ///
    /// # Errors
    /// [`Name`](UploadRefusal::Name), [`Type`](UploadRefusal::Type) and
    /// [`Declared`](UploadRefusal::Declared). No declared type, and `application/octet-stream`, say
    /// nothing and are no fault.
    pub fn begin(&self, name: &str, declared: Option<&str>) -> Result<Inspection, UploadRefusal> {
        let name: FileName = name.parse()?;
        let file_type = name.extension().and_then(FileType::of_extension);
        let file_type = file_type.filter(|one| self.types.contains(one));
        let file_type = file_type.ok_or(UploadRefusal::Type)?;
        let essence = declared.and_then(|declared| declared.split(';').next());
        let essence = essence.map(str::trim).filter(|essence| {
            !essence.is_empty() && !essence.eq_ignore_ascii_case("application/octet-stream")
        });
        if essence.is_some_and(|essence| !file_type.is_declared_by(essence)) {
            return Err(UploadRefusal::Declared(file_type));
        }
        Ok(Inspection::new(self, name, file_type))
    }
}

impl Default for UploadPolicy {
    fn default() -> Self {
        Self {
            types: vec![
                FileType::Gif,
                FileType::Jpeg,
                FileType::Pdf,
                FileType::Png,
                FileType::WebP,
            ],
            bytes_max: 10 * 1024 * 1024,
            pixels_max: 64_000_000,
            decoded_bytes_max: 512 * 1024 * 1024,
        }
    }
}
