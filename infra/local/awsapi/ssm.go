package awsapi

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Limits and types of SSM parameters.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
const (
	typeString       = "String"
	typeStringList   = "StringList"
	typeSecureString = "SecureString"

	tierStandard  = "Standard"
	standardLimit = 4 << 10 // bytes of a value in the standard tier
	namesLimit    = 10      // of one GetParameters
)

// parameter is a stored SSM parameter.
type parameter struct {
	Name       string    `json:"name"`
	Type       string    `json:"type"`
	Value      string    `json:"value"`
	Ciphertext string    `json:"ciphertext,omitempty"` // what a SecureString shows without decryption: random
	Version    int64     `json:"version"`
	Modified   time.Time `json:"modified"`
	Tags       []tag     `json:"tags,omitempty"`
}

type tag struct{ Key, Value string }

// parameterView is a parameter as the API shows it.
type parameterView struct {
	ARN              string
	DataType         string
	LastModifiedDate float64 // Unix seconds
	Name             string
	Type             string
	Value            string
	Version          int64
}

func (s *Server) serveSSM(w http.ResponseWriter, caller, operation string, body []byte) error {
	operations := map[string]func([]byte) (any, error){
		"AddTagsToResource": s.addTags,
		"DeleteParameter":   s.deleteParameter,
		"GetParameter":      s.getParameter,
		"GetParameters":     s.getParameters,
		"PutParameter":      s.putParameter,
	}
	serve, ok := operations[operation]
	if !ok {
		return unknownOperation(targetSSM, operation)
	}
	if err := s.authorizeParameters(caller, operation, body); err != nil {
		return err
	}
	s.mu.Lock()
	response, err := serve(body)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(response)
	if err != nil {
		return err
	}
	writeBody(w, http.StatusOK, encoded)
	return nil
}

// PutSecret puts a text into a SecureString parameter, as its operator would.
func (s *Server) PutSecret(name, text string) error {
	request, err := json.Marshal(map[string]any{"Name": name, "Value": text, "Type": typeSecureString, "Overwrite": true})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.putParameter(request)
	return err
}

func (s *Server) putParameter(body []byte) (any, error) {
	var request struct {
		Name, Value, Type, Description, Tier, DataType string
		Overwrite                                      bool
		Tags                                           []tag
		KeyID                                          string `json:"KeyId"` // there is nothing at rest to encrypt
	}
	if err := decodeStrictly(body, &request); err != nil {
		return nil, err
	}
	existing := s.parameters[request.Name]
	switch {
	case request.Name == "" || request.Value == "":
		return nil, refused("ValidationException", "Name and Value are required")
	case strings.Contains(request.Name, "/") && !strings.HasPrefix(request.Name, "/"):
		return nil, refused("ValidationException", "Parameter name must be a fully qualified name.")
	case request.Tier != "" && request.Tier != tierStandard:
		return nil, refused("ValidationException", "the local run doesn't know the tier %q", request.Tier)
	case request.DataType != "" && request.DataType != "text":
		return nil, refused("ValidationException", "the local run doesn't know the data type %q", request.DataType)
	case len(request.Value) > standardLimit:
		return nil, refused("ValidationException", "Standard tier parameters support a maximum parameter value of 4096 characters.")
	case existing != nil && !request.Overwrite:
		return nil, refused("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	case request.Overwrite && len(request.Tags) > 0:
		return nil, refused("ValidationException", "Invalid request: tags and overwrite can't be used together.")
	}
	put := &parameter{Name: request.Name, Type: request.Type, Value: request.Value, Modified: s.options.Now(), Version: 1, Tags: request.Tags}
	if existing != nil {
		put.Version, put.Tags = existing.Version+1, existing.Tags
		if put.Type == "" {
			put.Type = existing.Type
		}
	}
	switch put.Type {
	case typeString, typeStringList:
	case typeSecureString:
		put.Ciphertext = rand.Text()
	default:
		return nil, refused("ValidationException", "Type %q must be one of String, StringList, SecureString", put.Type)
	}
	s.parameters[put.Name] = put
	return map[string]any{"Version": put.Version, "Tier": tierStandard}, nil
}

func (s *Server) getParameter(body []byte) (any, error) {
	var request struct {
		Name           string
		WithDecryption bool
	}
	if err := decodeStrictly(body, &request); err != nil {
		return nil, err
	}
	found := s.parameters[request.Name]
	if found == nil {
		return nil, parameterNotFound(request.Name)
	}
	return map[string]any{"Parameter": s.view(found, request.WithDecryption)}, nil
}

func (s *Server) getParameters(body []byte) (any, error) {
	var request struct {
		Names          []string
		WithDecryption bool
	}
	if err := decodeStrictly(body, &request); err != nil {
		return nil, err
	}
	if len(request.Names) == 0 || len(request.Names) > namesLimit {
		return nil, refused("ValidationException", "received %d Names, want 1 to %d", len(request.Names), namesLimit)
	}
	found, invalid := []parameterView{}, []string{}
	for _, name := range request.Names {
		if p := s.parameters[name]; p != nil {
			found = append(found, s.view(p, request.WithDecryption))
		} else {
			invalid = append(invalid, name)
		}
	}
	return map[string]any{"Parameters": found, "InvalidParameters": invalid}, nil
}

func (s *Server) deleteParameter(body []byte) (any, error) {
	var request struct{ Name string }
	if err := decodeStrictly(body, &request); err != nil {
		return nil, err
	}
	if s.parameters[request.Name] == nil {
		return nil, parameterNotFound(request.Name)
	}
	delete(s.parameters, request.Name)
	return struct{}{}, nil
}

func (s *Server) addTags(body []byte) (any, error) {
	var request struct {
		ResourceType string
		ResourceID   string `json:"ResourceId"`
		Tags         []tag
	}
	if err := decodeStrictly(body, &request); err != nil {
		return nil, err
	}
	found := s.parameters[request.ResourceID]
	if request.ResourceType != "Parameter" || found == nil {
		return nil, refused("InvalidResourceId", "%s %q does not exist", request.ResourceType, request.ResourceID)
	}
	for _, added := range request.Tags {
		found.setTag(added)
	}
	return struct{}{}, nil
}

func (p *parameter) setTag(added tag) {
	for i := range p.Tags {
		if p.Tags[i].Key == added.Key {
			p.Tags[i] = added
			return
		}
	}
	p.Tags = append(p.Tags, added)
}

func parameterNotFound(name string) error {
	return refused("ParameterNotFound", "Parameter %s not found.", name)
}

func (s *Server) view(p *parameter, withDecryption bool) parameterView {
	view := parameterView{
		ARN:              s.parameterARN(p.Name),
		DataType:         "text",
		LastModifiedDate: float64(p.Modified.UnixMilli()) / 1000,
		Name:             p.Name,
		Type:             p.Type,
		Value:            p.Value,
		Version:          p.Version,
	}
	if p.Type == typeSecureString && !withDecryption {
		view.Value = p.Ciphertext
	}
	return view
}
