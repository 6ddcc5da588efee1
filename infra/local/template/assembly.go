package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Names of the cloud assembly, from the AWS CDK's cloud-assembly-schema package.
const (
	manifestFile   = "manifest.json"
	artifactStack  = "aws:cloudformation:stack"
	artifactAssets = "cdk:asset-manifest"
	artifactNested = "cdk:cloud-assembly"
)

// ErrAssembly is wrapped by every error about a cloud assembly that can't be run.
var ErrAssembly = errors.New("cloud assembly")

// Assembly is a synthesized app of exactly one stack.
type Assembly struct {
	// StackName is the name that the stack is deployed under.
	StackName string
	// Template is the stack's template.
	Template *Template

	assets map[string]string // object key in the bootstrap bucket → path of the file or folder on this machine
}

type manifest struct {
	Artifacts map[string]struct {
		Type       string `json:"type"`
		Properties struct {
			TemplateFile string `json:"templateFile"`
			StackName    string `json:"stackName"`
			File         string `json:"file"`
		} `json:"properties"`
	} `json:"artifacts"`
}

type assetManifest struct {
	Files map[string]struct {
		Source struct {
			Path string `json:"path"`
		} `json:"source"`
		Destinations map[string]struct {
			ObjectKey string `json:"objectKey"`
		} `json:"destinations"`
	} `json:"files"`
}

// Load reads the cloud assembly in the folder dir, as "cdk synth" leaves it. An
// assembly without a stack, with several, or with nested assemblies is refused.
func Load(dir string) (*Assembly, error) {
	var m manifest
	if err := readJSON(filepath.Join(dir, manifestFile), &m); err != nil {
		return nil, err
	}
	assembly := &Assembly{assets: map[string]string{}}
	for id, artifact := range m.Artifacts {
		switch artifact.Type {
		case artifactStack:
			if err := assembly.readStack(dir, id, artifact.Properties.StackName, artifact.Properties.TemplateFile); err != nil {
				return nil, err
			}
		case artifactAssets:
			if err := assembly.readAssets(dir, artifact.Properties.File); err != nil {
				return nil, err
			}
		case artifactNested:
			return nil, fmt.Errorf("%w %s: artifact %s is a nested assembly; synthesize one stack without stages", ErrAssembly, dir, id)
		}
	}
	if assembly.Template == nil {
		return nil, fmt.Errorf("%w %s: it holds no stack", ErrAssembly, dir)
	}
	return assembly, nil
}

func (a *Assembly) readStack(dir, id, name, templateFile string) error {
	if a.Template != nil {
		return fmt.Errorf("%w %s: it holds the stacks %s and %s, but one stack is run", ErrAssembly, dir, a.StackName, id)
	}
	raw, err := os.ReadFile(filepath.Join(dir, templateFile)) //nolint:gosec // the assembly names its files
	if err != nil {
		return fmt.Errorf("reading the template of stack %s: %w", id, err)
	}
	if a.Template, err = Parse(raw); err != nil {
		return fmt.Errorf("%s: %w", templateFile, err)
	}
	if a.StackName = name; name == "" {
		a.StackName = id
	}
	return nil
}

func (a *Assembly) readAssets(dir, file string) error {
	var assets assetManifest
	if err := readJSON(filepath.Join(dir, file), &assets); err != nil {
		return err
	}
	for _, asset := range assets.Files {
		for _, destination := range asset.Destinations {
			a.assets[destination.ObjectKey] = filepath.Join(dir, asset.Source.Path)
		}
	}
	return nil
}

// Asset returns the path of the file or folder that would be uploaded under
// objectKey. A folder is what CDK would zip.
func (a *Assembly) Asset(objectKey string) (string, error) {
	path, ok := a.assets[objectKey]
	if !ok {
		return "", fmt.Errorf("%w: no asset has the object key %q", ErrAssembly, objectKey)
	}
	return path, nil
}

func readJSON(path string, into any) error {
	raw, err := os.ReadFile(path) //nolint:gosec // the assembly names its files
	if err != nil {
		return fmt.Errorf("reading the %w: %w", ErrAssembly, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrAssembly, path, err)
	}
	return nil
}
