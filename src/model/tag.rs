//! The discriminator of a JSON object, such as `"type": "hello"`: a property whose value is always
//! the same text, in JSON and in the contract.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// An object with a [`Tag`].
pub trait Tagged {
    /// The value of the tag.
    const NAME: &'static str;
}

/// The tag of a `T`. It has no data; it serialises to [`Tagged::NAME`] and accepts only that text.
///
/// In a derived schema, annotate the field with `#[schema(schema_with = Tag::<Self>::schema)]`.
pub struct Tag<T>(PhantomData<fn() -> T>);

impl<T: Tagged> Tag<T> {
    pub fn schema() -> RefOr<Schema> {
        literal(T::NAME)
    }
}

/// The schema of a string that has only this value.
pub fn literal(text: &str) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some([text])).into()
}

impl<T: Tagged> Serialize for Tag<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(T::NAME)
    }
}

impl<'de, T: Tagged> Deserialize<'de> for Tag<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Self::default())
    }
}

impl<T: Tagged> Visitor<'_> for Tag<T> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", T::NAME)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self, E> {
        if text == T::NAME { Ok(self) } else { Err(E::unknown_variant(text, const { &[T::NAME] })) }
    }
}

// Implemented by hand, because the derives would require the same traits of `T`.

impl<T> Default for Tag<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T> Clone for Tag<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Tag<T> {}

impl<T> PartialEq for Tag<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T: Tagged> fmt::Debug for Tag<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::NAME.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Knock {
        op: Tag<Self>,
    }

    impl Tagged for Knock {
        const NAME: &'static str = "knock";
    }

    #[test]
    fn a_tag_reads_and_writes_its_name_and_nothing_else() {
        let knock = Knock { op: Tag::default() };
        assert_eq!(serde_json::to_string(&knock).expect("JSON"), r#"{"op":"knock"}"#);
        assert_eq!(serde_json::from_str::<Knock>(r#"{"op":"knock"}"#).expect("a knock"), knock);
        for other in [r#"{"op":"ring"}"#, r#"{"op":1}"#, r#"{"op":null}"#, "{}"] {
            assert!(serde_json::from_str::<Knock>(other).is_err(), "{other}");
        }
    }
}
