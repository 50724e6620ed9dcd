SELECT id, owner_id, title, description, completed, created_at, updated_at
FROM bare.tasks WHERE owner_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2
