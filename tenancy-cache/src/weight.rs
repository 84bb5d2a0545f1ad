//! What a value weighs and is made of, measured through its `Serialize`.

use std::fmt::Display;

use serde::ser::{self, Serialize};

/// What a value weighs, and what it is made of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Weight {
    /// About how many bytes the value holds in memory, what it points to among them. A text counts
    /// for its bytes, its `String` and what an allocator adds; a map's entry for its share of a
    /// table. The figure errs upwards for values without pointers.
    pub(crate) bytes: usize,
    /// Of the names and types of its parts: where a type has changed, a value that was read as the
    /// new type has another shape than it had when it was written as the old one.
    pub(crate) shape: u64,
}

/// A value that cannot be serialised has no weight.
pub(crate) fn weigh<T: Serialize + ?Sized>(value: &T) -> Option<Weight> {
    let mut scale = Scale {
        bytes: 0,
        shape: FNV_OFFSET,
    };
    value.serialize(&mut scale).ok()?;
    let Scale { bytes, shape } = scale;
    Some(Weight { bytes, shape })
}

struct Scale {
    bytes: usize,
    /// By FNV-1a, whose hashes are the same in every release.
    shape: u64,
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

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
    fn add(&mut self, what: &str, bytes: usize) -> Result<(), Unweighable> {
        self.mark(what);
        self.bytes += bytes;
        Ok(())
    }

    fn mark(&mut self, what: &str) {
        for byte in what.bytes().chain([0]) {
            self.shape = (self.shape ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn parts(&mut self, what: &str, bytes: usize, each: usize) -> Result<Parts<'_>, Unweighable> {
        self.add(what, bytes)?;
        Ok(Parts { scale: self, each })
    }
}

macro_rules! scalars {
    ($($name:ident($type:ty)),*) => {
        $(fn $name(self, _: $type) -> Result<(), Unweighable> {
            self.add(stringify!($type), size_of::<$type>())
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
        self.add("str", POINTED + text.len())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Unweighable> {
        self.add("bytes", POINTED + bytes.len())
    }

    fn serialize_none(self) -> Result<(), Unweighable> {
        self.add("none", size_of::<String>())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unweighable> {
        self.add("some", size_of::<u64>())?;
        value.serialize(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_unit(self) -> Result<(), Unweighable> {
        Ok(())
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Unweighable> {
        self.add(name, 0)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Unweighable> {
        self.add(variant, size_of::<u64>())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unweighable> {
        self.mark(name);
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Unweighable> {
        self.add(variant, size_of::<u64>())?;
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a>, Unweighable> {
        self.parts("seq", POINTED, 0)
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'a>, Unweighable> {
        self.parts("tuple", 0, 0)
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, Unweighable> {
        self.parts(name, 0, 0)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, Unweighable> {
        self.parts(variant, 0, 0)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'a>, Unweighable> {
        // A table that doubles is half empty on the whole.
        self.parts("map", 2 * POINTED, 32)
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Parts<'a>, Unweighable> {
        self.parts(name, 0, 0)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, Unweighable> {
        self.parts(variant, 0, 0)
    }
}

struct Parts<'a> {
    scale: &'a mut Scale,
    each: usize,
}

impl Parts<'_> {
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unweighable> {
        self.scale.bytes += self.each;
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
                name: &'static str,
                value: &T,
            ) -> Result<(), Unweighable> {
                self.scale.mark(name);
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

    use serde::Serialize;

    use super::*;

    #[test]
    fn what_surrounds_texts_lists_and_maps_counts() {
        let numbers: HashMap<u64, u64> = (0..1000).map(|number| (number, number)).collect();
        let table = numbers.capacity() * size_of::<(u64, u64)>();
        let check = |weight: Option<Weight>, least: usize| {
            let weight = weight.expect("plain data").bytes;
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

    #[derive(Serialize)]
    struct Product {
        name: String,
        price: i64,
    }

    /// The same bytes in a codec without names.
    #[derive(Serialize)]
    struct Renamed {
        title: String,
        price: i64,
    }

    #[test]
    fn the_shape_is_of_names_and_types_and_not_of_contents() {
        let product = |name: &str, price| Product {
            name: name.to_owned(),
            price,
        };
        let (one, other) = (weigh(&product("a", 1)), weigh(&product("bcd", 2)));
        let (one, other) = (one.expect("plain data"), other.expect("plain data"));
        assert_eq!((one.shape, one.bytes + 2), (other.shape, other.bytes));
        let renamed = Renamed {
            title: "a".to_owned(),
            price: 1,
        };
        assert_ne!(weigh(&renamed).expect("plain data").shape, one.shape);
        assert_ne!(weigh(&1_i64), weigh(&1_u64));
    }
}
