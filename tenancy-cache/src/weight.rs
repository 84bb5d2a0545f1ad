//! How much memory a value takes, measured through its `Serialize`.

use std::fmt::Display;

use serde::ser::{self, Serialize};

/// About how many bytes a value holds in memory, what it points to among them.
///
/// A text counts for its bytes, its `String` and what an allocator adds; a map's entry for its share
/// of a table. The figure errs upwards for values without pointers. A value that cannot be serialised
/// has no weight.
pub(crate) fn weigh<T: Serialize + ?Sized>(value: &T) -> Option<usize> {
    let mut scale = Scale(0);
    value.serialize(&mut scale).ok()?;
    Some(scale.0)
}

struct Scale(usize);

#[derive(Debug, thiserror::Error)]
#[error("not weighable")]
struct Unweighable;

impl ser::Error for Unweighable {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

const POINTED: usize = size_of::<String>() + 16;

impl Scale {
    fn add(&mut self, bytes: usize) -> Result<(), Unweighable> {
        self.0 += bytes;
        Ok(())
    }
}

macro_rules! scalars {
    ($($name:ident($type:ty)),*) => {
        $(fn $name(self, _: $type) -> Result<(), Unweighable> {
            self.add(size_of::<$type>())
        })*
    };
}

impl<'a> ser::Serializer for &'a mut Scale {
    type Ok = ();
    type Error = Unweighable;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

    scalars!(
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_i128(i128),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_u128(u128),
        serialize_f32(f32),
        serialize_f64(f64),
        serialize_char(char)
    );

    fn serialize_str(self, text: &str) -> Result<(), Unweighable> {
        self.add(POINTED + text.len())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Unweighable> {
        self.add(POINTED + bytes.len())
    }

    fn serialize_none(self) -> Result<(), Unweighable> {
        self.add(size_of::<String>())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unweighable> {
        self.0 += size_of::<u64>();
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unweighable> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unweighable> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
    ) -> Result<(), Unweighable> {
        self.add(size_of::<u64>())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unweighable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unweighable> {
        self.0 += size_of::<u64>();
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a>, Unweighable> {
        self.0 += POINTED;
        Ok(Parts {
            scale: self,
            each: 0,
        })
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'a>, Unweighable> {
        Ok(Parts {
            scale: self,
            each: 0,
        })
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Unweighable> {
        Ok(Parts {
            scale: self,
            each: 0,
        })
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, Unweighable> {
        Ok(Parts {
            scale: self,
            each: 0,
        })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'a>, Unweighable> {
        self.0 += 2 * POINTED;
        // A table that doubles is half empty on the whole.
        Ok(Parts {
            scale: self,
            each: 32,
        })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Unweighable> {
        Ok(Parts {
            scale: self,
            each: 0,
        })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, Unweighable> {
        Ok(Parts {
            scale: self,
            each: 0,
        })
    }
}

struct Parts<'a> {
    scale: &'a mut Scale,
    each: usize,
}

impl Parts<'_> {
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unweighable> {
        self.scale.0 += self.each;
        value.serialize(&mut *self.scale)
    }
}

macro_rules! parts {
    ($($trait:ident::$method:ident),*) => {
        $(impl ser::$trait for Parts<'_> {
            type Ok = ();
            type Error = Unweighable;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unweighable> {
                self.part(value)
            }

            fn end(self) -> Result<(), Unweighable> {
                Ok(())
            }
        })*
    };
}

macro_rules! fields {
    ($($trait:ident),*) => {
        $(impl ser::$trait for Parts<'_> {
            type Ok = ();
            type Error = Unweighable;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                _: &'static str,
                value: &T,
            ) -> Result<(), Unweighable> {
                self.part(value)
            }

            fn end(self) -> Result<(), Unweighable> {
                Ok(())
            }
        })*
    };
}

parts!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);
fields!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Unweighable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unweighable> {
        self.part(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unweighable> {
        self.part(value)
    }

    fn end(self) -> Result<(), Unweighable> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn what_surrounds_texts_lists_and_maps_counts() {
        let numbers: HashMap<u64, u64> = (0..1000).map(|number| (number, number)).collect();
        let table = numbers.capacity() * size_of::<(u64, u64)>();
        let check = |weight: Option<usize>, least: usize| {
            let weight = weight.unwrap_or_default();
            assert!((least..3 * least).contains(&weight), "{weight} for {least}");
        };
        check(weigh(&"x".repeat(100)), 100 + size_of::<String>());
        check(weigh(&vec![String::new(); 10]), 11 * size_of::<String>());
        check(weigh(&[7_u64; 20]), 20 * size_of::<u64>());
        check(
            weigh(&HashMap::<u64, u64>::new()),
            size_of::<HashMap<u64, u64>>(),
        );
        check(weigh(&numbers), table + size_of_val(&numbers));
    }
}
