mod kept;

pub(crate) use tenancy_core::Secret;

pub(crate) use self::kept::of_platform;
