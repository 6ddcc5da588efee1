package sample

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Checkpoint is a file that keeps how far a table was read, so that a run that
// was interrupted can go on. The zero value keeps nothing.
type Checkpoint struct {
	Path  string
	Table string // what is read; another table's checkpoint is refused
}

type checkpoint struct {
	Table string `json:"table"`
	After Key    `json:"after"`
}

// Load returns the key to go on after: the zero Key if there is no file.
func (c Checkpoint) Load() (Key, error) {
	if c.Path == "" {
		return Key{}, nil
	}
	text, err := os.ReadFile(c.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return Key{}, nil
	}
	if err != nil {
		return Key{}, fmt.Errorf("reading the checkpoint: %w", err)
	}
	var kept checkpoint
	if err := json.Unmarshal(text, &kept); err != nil || kept.After == (Key{}) {
		return Key{}, fmt.Errorf("%s is no checkpoint: remove it to begin anew", c.Path)
	}
	if kept.Table != c.Table {
		return Key{}, fmt.Errorf("%s is the checkpoint of table %s, not of %s: name another file", c.Path, kept.Table, c.Table)
	}
	return kept.After, nil
}

// Save keeps that everything up to a key was taken. The file is replaced as a
// whole, so that an interruption leaves the old one or the new one.
func (c Checkpoint) Save(after Key) error {
	if c.Path == "" {
		return nil
	}
	text, err := json.Marshal(checkpoint{c.Table, after})
	if err != nil {
		return err
	}
	next := c.Path + ".new"
	if err := os.WriteFile(next, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the checkpoint: %w", err)
	}
	if err := os.Rename(next, c.Path); err != nil {
		return fmt.Errorf("writing the checkpoint: %w", err)
	}
	return nil
}

// Clear removes the file, because everything was read.
func (c Checkpoint) Clear() error {
	if c.Path == "" {
		return nil
	}
	if err := os.Remove(c.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the checkpoint: %w", err)
	}
	return nil
}
