//! The mark of the platform's host is the layer's to give.
use tenancy_core::layer::OnPlatform;

fn main() {
    let _ = OnPlatform(());
}
