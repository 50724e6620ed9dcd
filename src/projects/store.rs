//! Reading projects. Every statement takes the owner as its first parameter.
