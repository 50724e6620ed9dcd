"""A task backend as FastAPI's and SQLModel's own documentation teaches it: the four measured requests with tokens,
validation and owners, and without a change log or a live channel. `make bench-peers` compares Taskwire with it."""

import logging
import os
import socket
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

import asyncpg
import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import StringConstraints
from sqlalchemy import DateTime
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

SECRET = os.environ["JWT_SECRET"]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class NewTask(SQLModel):
    title: Title
    description: str | None = Field(default=None, max_length=1000)
    completed: bool = False


class Task(SQLModel, table=True):
    __tablename__ = "tasks"
    __table_args__ = {"schema": "bare"}

    owner_id: str = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True, default_factory=uuid.uuid4)
    title: str
    description: str | None
    completed: bool
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))


engine = create_async_engine(
    "postgresql+asyncpg://",
    async_creator=lambda: asyncpg.connect(os.environ["DATABASE_URL"]),
    pool_size=int(os.environ["DATABASE_POOL_SIZE"]),
    max_overflow=0,
)
sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
app = FastAPI()


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


def owner(user_id: str, credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> str:
    try:
        claims = jwt.decode(credentials.credentials, SECRET, algorithms=["HS256"], options={"require": ["exp", "sub"]})
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "the token is not valid") from error
    if claims["sub"] != user_id:
        raise HTTPException(403, "the path names another user")
    return user_id


Owner = Annotated[str, Depends(owner)]
Session = Annotated[AsyncSession, Depends(session)]


async def own_task(task_id: uuid.UUID, owner: Owner, session: Session) -> Task:
    task = await session.get(Task, (owner, task_id))
    if task is None:
        raise HTTPException(404, "there is no such task")
    return task


OwnTask = Annotated[Task, Depends(own_task)]


@app.get("/api/{user_id}/tasks")
async def list_tasks(owner: Owner, session: Session, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[Task]:
    newest_first = select(Task).where(Task.owner_id == owner).order_by(col(Task.created_at).desc(), col(Task.id).desc())
    return list(await session.exec(newest_first.limit(limit)))


@app.post("/api/{user_id}/tasks", status_code=201)
async def create_task(new: NewTask, owner: Owner, session: Session) -> Task:
    now = datetime.now(UTC)
    task = Task(owner_id=owner, created_at=now, updated_at=now, **new.model_dump())
    session.add(task)
    await session.commit()
    return task


@app.get("/api/{user_id}/tasks/{task_id}")
async def get_task(task: OwnTask) -> Task:
    return task


@app.patch("/api/{user_id}/tasks/{task_id}/complete")
async def complete_task(task: OwnTask, session: Session) -> Task:
    task.completed = not task.completed
    task.updated_at = datetime.now(UTC)
    session.add(task)
    await session.commit()
    return task


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    uvicorn.Server(uvicorn.Config(app, access_log=True, log_config=None)).run(sockets=[listener])
