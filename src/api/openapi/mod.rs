//! The contract as the code generates it: general information, security, shared schemas, and
//! the operations that [`mount`] collected. `openapi.yaml` at the root is this document; a test
//! holds the two together.

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
Tasks of many users, each user's strictly apart, with live updates that never miss a change.

**Sign in** with a JSON Web Token as `Authorization: Bearer <token>`; its `sub` is the user id and \
must be the one in the path. Where this server keeps accounts of its own, a session at `/api/auth` \
gets such tokens. Scripts send an API token (`taskwire_…`) in the same way; one with the \
scope `read` is answered 403 to everything but GET.

**Errors** are `application/problem+json` (RFC 9457) with a `code` for programs and a `detail` for people.

**Requests are closed, answers are open**: unknown fields and parameters in a request are refused by \
name; clients must ignore fields and message types that they do not know.

**Live**: list tasks, take the list's `position`, and open the WebSocket at `/api/{user_id}/live` with \
it (or poll `/api/{user_id}/changes`): every later change arrives in order, exactly once.

Every GET also answers HEAD, every path OPTIONS; every answer carries `X-Request-Id`.";

/// The command that writes `openapi.yaml` anew.
pub const REGENERATE: &str = "make contract";

/// The whole document.
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
            "The cookie that signing in sets; over TLS its name begins with `__Host-`. It opens the operations on \
             accounts and nothing else.",
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
                .description(Some("Create, read, update, complete and delete tasks."))
                .build(),
            TagBuilder::new().name("projects").description(Some("Projects, which tasks can belong to.")).build(),
            TagBuilder::new()
                .name("trash")
                .description(Some("What was deleted: take it back, or remove it for good."))
                .build(),
            TagBuilder::new()
                .name("changes")
                .description(Some("Follow what happens to tasks: by polling or live."))
                .build(),
            TagBuilder::new()
                .name("exchange")
                .description(Some("Take everything out as a file, and bring files in."))
                .build(),
            TagBuilder::new()
                .name("accounts")
                .description(Some(
                    "Sign up and in with e-mail and password, where this server keeps accounts of its own. Paths and \
                     bodies are those of Better Auth, and its client works here.",
                ))
                .build(),
            TagBuilder::new()
                .name("tokens")
                .description(Some("API tokens, with which scripts get access: see, create and revoke them."))
                .build(),
            TagBuilder::new().name("user").description(Some("The user as a whole.")).build(),
            TagBuilder::new().name("service").description(Some("The service itself.")).build(),
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

/// The document as it stands in `openapi.yaml`.
pub fn yaml(document: &OpenApi) -> Result<String, String> {
    let yaml = document.to_yaml().map_err(|error| error.to_string())?;
    Ok(format!("# Written by `{REGENERATE}` from the handlers' annotations; a test compares the two.\n{yaml}"))
}

/// The lines in which two documents differ, `-` those only in the first, `+` those only in the
/// second; `None` if there are none.
pub fn differences(written: &str, generated: &str) -> Option<String> {
    if written == generated {
        return None;
    }
    let diff = similar::TextDiff::from_lines(written, generated);
    Some(diff.unified_diff().context_radius(2).to_string())
}
