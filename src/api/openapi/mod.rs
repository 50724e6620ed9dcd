//! Generates the contract: general information, security schemes, shared schemas, and the operations
//! that [`mount`] collected. `openapi.yaml` is this document; a test compares the two.

pub(crate) mod mount;
pub(crate) mod params;
pub(crate) mod resources;
pub(crate) mod responses;

use utoipa::openapi::path::Paths;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::server::Server;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::live::messages::{ClientMessage, ServerMessage};
use crate::model::ProblemBody;

const DESCRIPTION: &str = "\
Tasks of many users, with live updates that never miss a change. A user sees only their own data.

**Authentication**: send a JSON Web Token (RFC 7519) as `Authorization: Bearer <token>`. Its `sub` is the \
user id and must be the user in the path. If this server keeps accounts, a session at `/api/auth` gets such \
tokens. Scripts send an API token (`taskwire_…`) in the same way; with the scope `read`, every method but GET \
and HEAD gets 403.

**Errors** are problem documents, `application/problem+json` (RFC 9457), with a `code` for programs and a \
`detail` for people. `errors` names each field that is wrong.

**Unknown fields**: the server rejects unknown fields and parameters by name. Clients must ignore fields and \
message types that they do not know.

**Live updates**: list the tasks, and open the WebSocket at `/api/{user_id}/live` with the `position` of the \
list (or poll `/api/{user_id}/changes`). Every later change arrives in order, exactly once.

**Limits**: a request may take `REQUEST_TIMEOUT` (30 seconds by default), and a body may have `BODY_LIMIT` \
bytes (1 MiB by default); imports have limits of their own.

Every GET also serves HEAD, and every path serves OPTIONS. Every response has an `X-Request-Id`.";

/// The command that writes `openapi.yaml`.
pub const REGENERATE: &str = "make contract";

/// The complete document.
pub fn document(paths: Paths, mut components: Components) -> OpenApi {
    for (name, response) in responses::components() {
        components.responses.insert(name.to_owned(), RefOr::T(response));
    }
    components.security_schemes.insert(
        "bearerAuth".to_owned(),
        RefOr::T(SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .description(Some(
                    "A JSON Web Token whose `sub` is the user id in the path, or an API token of that user.",
                ))
                .build(),
        )),
    );
    components.security_schemes.insert(
        "sessionCookie".to_owned(),
        RefOr::T(SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            "taskwire_session",
            "The cookie that a sign-in sets. Over TLS its name is `__Host-taskwire_session`. It is accepted only for \
             the operations under `/api/auth`.",
        )))),
    );
    add_schema::<ProblemBody>(&mut components);
    add_schema::<ServerMessage>(&mut components);
    add_schema::<ClientMessage>(&mut components);

    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Taskwire")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .contact(Some(ContactBuilder::new().name(Some("Taskwire")).build()))
                .license(Some(LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build()))
                .build(),
        )
        .servers(Some([Server::new("/")]))
        .tags(Some([
            TagBuilder::new()
                .name("tasks")
                .description(Some("Create, list, update, complete, move and delete tasks."))
                .build(),
            TagBuilder::new().name("projects").description(Some("Projects group tasks. A task belongs to one project or to none.")).build(),
            TagBuilder::new()
                .name("trash")
                .description(Some("Deleted tasks and projects: restore them, or remove them permanently."))
                .build(),
            TagBuilder::new()
                .name("changes")
                .description(Some("Follow the changes of tasks and projects, live or by polling."))
                .build(),
            TagBuilder::new()
                .name("exchange")
                .description(Some("Export all tasks and projects as a file, and import files."))
                .build(),
            TagBuilder::new()
                .name("accounts")
                .description(Some(
                    "Sign up and sign in with e-mail and password. Without accounts (`ACCOUNTS=off`), these operations \
                     return 404, except the list of sign-in methods. Paths and bodies are those of Better Auth, and its \
                     client works here.",
                ))
                .build(),
            TagBuilder::new()
                .name("tokens")
                .description(Some("API tokens give scripts access: list, create and revoke them."))
                .build(),
            TagBuilder::new().name("user").description(Some("The user of a token, and deleting a user.")).build(),
            TagBuilder::new().name("service").description(Some("The health of the server.")).build(),
        ]))
        .security(Some([SecurityRequirement::new("bearerAuth", [] as [&str; 0])]))
        .paths(paths)
        .components(Some(components))
        .build()
}

fn add_schema<T: ToSchema + PartialSchema>(components: &mut Components) {
    let mut schemas = Vec::new();
    T::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.schemas.insert(T::name().into_owned(), T::schema());
}

/// The document as YAML, as it is written to `openapi.yaml`.
///
/// # Errors
///
/// When the document cannot be written as YAML.
pub fn yaml(document: &OpenApi) -> Result<String, String> {
    let yaml = document.to_yaml().map_err(|error| error.to_string())?;
    Ok(format!("# Written by `{REGENERATE}` from the handlers' annotations; a test compares the two.\n{yaml}"))
}

/// The lines in which two documents differ: `-` for a line only in the first, `+` for a line only in the
/// second. `None` if the documents are equal.
pub fn differences(written: &str, generated: &str) -> Option<String> {
    if written == generated {
        return None;
    }
    let diff = similar::TextDiff::from_lines(written, generated);
    Some(diff.unified_diff().context_radius(2).to_string())
}
