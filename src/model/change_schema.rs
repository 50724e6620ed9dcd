//! The schemas of changes in the contract: a component for each kind, so that generated clients have
//! a type for each, and the component `Change`, which is `oneOf` them.

use utoipa::openapi::schema::{Discriminator, KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::tag::literal;
use super::{Change, ChangeKind, Position, Project, ProjectId, Seq, Task, TaskId};

/// Named schemas, in the order in which they are collected.
pub type Schemas = Vec<(String, RefOr<Schema>)>;

/// The component of each kind of change, with its description.
const COMPONENTS: [(ChangeKind, &str, &str); 8] = [
    (ChangeKind::TaskCreated, "TaskCreated", "A task was created."),
    (ChangeKind::TaskUpdated, "TaskUpdated", "A task was updated."),
    (ChangeKind::TaskDeleted, "TaskDeleted", "A task was deleted."),
    (ChangeKind::TaskRestored, "TaskRestored", "A task was restored from the trash."),
    (ChangeKind::ProjectCreated, "ProjectCreated", "A project was created."),
    (ChangeKind::ProjectUpdated, "ProjectUpdated", "A project was updated."),
    (ChangeKind::ProjectDeleted, "ProjectDeleted", "A project was deleted."),
    (ChangeKind::ProjectRestored, "ProjectRestored", "A project was restored from the trash."),
];

/// The name of each kind of change, with the name of its component.
pub fn change_components() -> impl Iterator<Item = (&'static str, String)> {
    COMPONENTS.into_iter().map(|(kind, component, _)| (kind.name(), component.to_owned()))
}

/// A `oneOf` schema of these components. `property` is the discriminator; each component is given
/// with the value that the property has in it.
pub fn one_of(property: &str, components: impl IntoIterator<Item = (&'static str, String)>) -> OneOfBuilder {
    let mut discriminator = Discriminator::new(property);
    let mut schema = OneOfBuilder::new();
    for (name, component) in components {
        let reference = Ref::from_schema_name(component);
        discriminator.mapping.insert(name.to_owned(), reference.ref_location.clone());
        schema = schema.item(reference);
    }
    schema.discriminator(Some(discriminator))
}

/// Adds a component, and the components to which it refers.
pub fn add_component<T: ToSchema>(schemas: &mut Schemas) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

impl PartialSchema for Change {
    fn schema() -> RefOr<Schema> {
        one_of("type", change_components())
            .description(Some("A change, as the live channel sends it and as `GET …/changes` returns it."))
            .into()
    }
}

impl ToSchema for Change {
    fn schemas(schemas: &mut Schemas) {
        schemas.extend(
            COMPONENTS
                .into_iter()
                .map(|(kind, component, description)| (component.to_owned(), component_of(kind, description))),
        );
        add_component::<Seq>(schemas);
        add_component::<Position>(schemas);
        add_component::<Task>(schemas);
        add_component::<TaskId>(schemas);
        add_component::<Project>(schemas);
        add_component::<ProjectId>(schemas);
    }
}

fn component_of(kind: ChangeKind, description: &str) -> RefOr<Schema> {
    let (field, subject) = subject_of(kind);
    let at = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some("When the change happened, in UTC."));
    let seq = reference::<Seq>("The number of this change in the user's change log: 1, 2, 3, … without gaps.");
    let position =
        reference::<Position>("The position right after this change: send it to resume with the next change.");
    let fields =
        [("type", literal(kind.name())), ("seq", seq), ("position", position), ("at", at.into()), (field, subject)];
    let object = ObjectBuilder::new().schema_type(Type::Object).description(Some(description));
    fields.into_iter().fold(object, |object, (name, schema)| object.property(name, schema).required(name)).into()
}

/// The field that holds the subject of a change of this kind, with its schema.
fn subject_of(kind: ChangeKind) -> (&'static str, RefOr<Schema>) {
    match kind {
        ChangeKind::TaskCreated | ChangeKind::TaskUpdated | ChangeKind::TaskRestored => {
            ("task", reference::<Task>("The task after this change."))
        }
        ChangeKind::TaskDeleted => ("task_id", reference::<TaskId>("The id of the deleted task.")),
        ChangeKind::ProjectCreated | ChangeKind::ProjectUpdated | ChangeKind::ProjectRestored => {
            ("project", reference::<Project>("The project after this change."))
        }
        ChangeKind::ProjectDeleted => ("project_id", reference::<ProjectId>("The id of the deleted project.")),
    }
}

fn reference<T: ToSchema>(description: &str) -> RefOr<Schema> {
    let mut reference = Ref::from_schema_name(T::name());
    description.clone_into(&mut reference.description);
    RefOr::Ref(reference)
}
