use std::fmt;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const NONCE_BYTES: usize = 18; // 144 bits, and no padding

/// The nonce of one answer, in the extensions of its request.
///
/// It exists from the first look at it on, and only then is it part of the answer's policy; so look
/// before the answer's head is made, not while its body is sent.
#[derive(Clone, Default)]
pub struct CspNonce(Arc<OnceLock<Box<str>>>);

impl CspNonce {
    /// What a `nonce` attribute holds.
    ///
    /// # Panics
    /// When the operating system gives no random numbers.
    pub fn value(&self) -> &str {
        self.0.get_or_init(|| {
            let mut bytes = [0; NONCE_BYTES];
            rand::fill(&mut bytes).expect("the operating system gives random numbers");
            URL_SAFE_NO_PAD.encode(bytes).into()
        })
    }

    /// The value, where somebody has looked at it.
    pub(in crate::headers) fn taken(&self) -> Option<&str> {
        self.0.get().map(|value| &**value)
    }
}

impl fmt::Display for CspNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.value())
    }
}

/// Says nothing of the value, which is a secret until the page is sent.
impl fmt::Debug for CspNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CspNonce").finish_non_exhaustive()
    }
}
