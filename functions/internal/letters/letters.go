// Package letters is what the functions have in common that send letters, by mail
// or by text message.
package letters

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// SendTimeout is how long a service may take that a letter is handed to.
const SendTimeout = 1500 * time.Millisecond

// Folder is a folder of templates beside the binary that runs.
func Folder(name string) (fs.FS, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return os.DirFS(filepath.Join(filepath.Dir(binary), name)), nil
}

// Wait returns after d, or when ctx ends.
func Wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
