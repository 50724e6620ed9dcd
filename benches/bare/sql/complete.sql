UPDATE bare.tasks SET completed = NOT completed, updated_at = now() WHERE owner_id = $1 AND id = $2
RETURNING id, owner_id, title, description, completed, created_at, updated_at
