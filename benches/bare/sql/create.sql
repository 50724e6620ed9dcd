INSERT INTO bare.tasks (owner_id, id, title, description, completed, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, now(), now())
RETURNING id, owner_id, title, description, completed, created_at, updated_at
