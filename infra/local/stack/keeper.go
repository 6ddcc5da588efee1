package stack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// The files of a state folder.
const (
	ledgerFile      = "stack.json"
	servicesFile    = "services.json"
	usersFile       = "users.json"
	foreignPoolFile = "pool.json"
)

// saveDelay gathers changes that come together into one write.
const saveDelay = 200 * time.Millisecond

// keeper writes the state to a folder soon after it has changed and when the
// run ends. Without a folder it does nothing.
type keeper struct {
	directory string
	log       *log.Logger
	changed   chan struct{} // takes one
	done      chan struct{}
	stop      sync.Once
	running   sync.WaitGroup

	mu      sync.Mutex
	sources map[string]func() ([]byte, error) // file → what makes its content
	written map[string][]byte                 // file → content
}

// openKeeper reads what a folder holds, and makes it if it doesn't exist. The
// files hold secrets, so only their owner may read them.
func openKeeper(directory string, log *log.Logger) (*keeper, error) {
	k := &keeper{
		directory: directory,
		log:       log,
		changed:   make(chan struct{}, 1),
		done:      make(chan struct{}),
		sources:   map[string]func() ([]byte, error){},
		written:   map[string][]byte{},
	}
	if directory == "" {
		return k, nil
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("making the state folder: %w", err)
	}
	for _, name := range []string{ledgerFile, servicesFile, usersFile, foreignPoolFile} {
		content, err := os.ReadFile(filepath.Join(directory, name)) //nolint:gosec // the folder is the caller's choice
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the state folder: %w", err)
		}
		k.written[name] = content
	}
	return k, nil
}

// loaded returns a file's content as the last run left it.
func (k *keeper) loaded(name string) ([]byte, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	content, ok := k.written[name]
	return content, ok
}

// keep makes a file follow what snapshot returns.
func (k *keeper) keep(name string, snapshot func() ([]byte, error)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sources[name] = snapshot
}

// touch asks for a save. It never blocks.
func (k *keeper) touch() {
	select {
	case k.changed <- struct{}{}:
	default: // one is asked for already
	}
}

// start saves after changes until close.
func (k *keeper) start() {
	k.running.Go(func() {
		for {
			select {
			case <-k.done:
				return
			case <-k.changed:
			}
			select {
			case <-k.done:
				return
			case <-time.After(saveDelay):
			}
			if err := k.save(); err != nil {
				k.log.Print(err)
			}
		}
	})
	k.touch()
}

// close saves for the last time. After that the folder may be another run's, so
// only the first call does anything.
func (k *keeper) close() (err error) {
	k.stop.Do(func() {
		close(k.done)
		k.running.Wait()
		err = k.save()
	})
	return err
}

// save writes the files whose content has changed.
func (k *keeper) save() error {
	if k.directory == "" {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(k.sources)) {
		content, err := k.sources[name]()
		if err != nil {
			return fmt.Errorf("saving %s: %w", name, err)
		}
		if bytes.Equal(content, k.written[name]) {
			continue
		}
		if err := replaceFile(filepath.Join(k.directory, name), content); err != nil {
			return fmt.Errorf("saving %s: %w", name, err)
		}
		k.written[name] = content
	}
	return nil
}

// replaceFile writes a file so that a crash leaves the old content or the new.
func replaceFile(path string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) //nolint:errcheck // it is gone when all went well
	_, err = temporary.Write(content)
	if err == nil {
		err = temporary.Sync()
	}
	if err := errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// openState takes up the state of the last run.
func (s *Stack) openState() error {
	var err error
	if s.keeper, err = openKeeper(s.options.DataDirectory, s.log); err != nil {
		return err
	}
	s.ledger = newLedger(s.options.Assembly.StackName)
	if content, ok := s.keeper.loaded(ledgerFile); ok {
		if err := json.Unmarshal(content, s.ledger); err != nil {
			return fmt.Errorf("reading %s: %w", ledgerFile, err)
		}
	}
	if content, ok := s.keeper.loaded(servicesFile); ok {
		if err := s.services.Restore(content); err != nil {
			return fmt.Errorf("reading %s: %w", servicesFile, err)
		}
	}
	s.keeper.keep(ledgerFile, s.ledger.snapshot)
	s.keeper.keep(servicesFile, s.services.Snapshot)
	return nil
}
