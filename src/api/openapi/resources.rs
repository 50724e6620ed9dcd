//! Responses with one task or project, with the headers that come with it. They are written here
//! once, for every operation that has them.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr};
use utoipa::{IntoResponses, ToSchema};

use crate::model::{Project, Task};

/// 200 with the task or project as the operation left it.
pub struct Current<T>(PhantomData<T>);
/// 200 with the task or project, or 304 if the client has it.
pub struct Read<T>(PhantomData<T>);
/// 201 with the new task or project, or 200 with the one that the same request created before.
pub struct Created<T>(PhantomData<T>);

/// What the contract calls a resource.
pub trait Noun: ToSchema {
    const NOUN: &'static str;
}

impl Noun for Task {
    const NOUN: &'static str = "task";
}

impl Noun for Project {
    const NOUN: &'static str = "project";
}

type Responses = BTreeMap<String, RefOr<Response>>;

impl<T: Noun> IntoResponses for Current<T> {
    fn responses() -> Responses {
        let now = resource::<T>(&format!("The {} as it is now.", T::NOUN));
        numbered([("200", now)])
    }
}

impl<T: Noun> IntoResponses for Read<T> {
    fn responses() -> Responses {
        let it = resource::<T>(&format!("The {}.", T::NOUN));
        let not_modified = with_etag::<T>("The client already has this version.");
        numbered([("200", it), ("304", not_modified)])
    }
}

impl<T: Noun> IntoResponses for Created<T> {
    fn responses() -> Responses {
        let noun = T::NOUN;
        let new =
            resource::<T>(&format!("The new {noun}.")).header("Location", header(&format!("The path of the {noun}.")));
        let repeated = resource::<T>(&format!("This request came before: the {noun} as it is now."));
        numbered([("200", repeated), ("201", new)])
    }
}

fn numbered<const N: usize>(responses: [(&str, ResponseBuilder); N]) -> Responses {
    responses.into_iter().map(|(status, response)| (status.to_owned(), RefOr::T(response.build()))).collect()
}

fn resource<T: Noun>(description: &str) -> ResponseBuilder {
    let schema = Ref::from_schema_name(T::name());
    with_etag::<T>(description).content("application/json", ContentBuilder::new().schema(Some(schema)).build())
}

fn with_etag<T: Noun>(description: &str) -> ResponseBuilder {
    let etag = header(&format!("The version of the {}, in quotes.", T::NOUN));
    ResponseBuilder::new().description(description).header("ETag", etag)
}

/// A header that holds text.
pub fn header(description: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}
