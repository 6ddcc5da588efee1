package passageflex

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
)

// foundUser is a user as the list shows it.
type foundUser struct {
	ID         string `json:"id"`
	ExternalID string `json:"external_id"`
}

// findUsers serves the list of users. While the service is broken in that way,
// it finds somebody else.
func (s *Service) findUsers(r *http.Request) (any, *problem) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 {
		return nil, invalidRequest
	}
	identifier, found := r.URL.Query().Get("identifier"), []foundUser{}
	for _, u := range s.users {
		if (u.ExternalID == identifier) != s.Is(fault.SuccessForAnother) && len(found) < limit {
			found = append(found, foundUser{u.ID, u.ExternalID})
		}
	}
	return map[string]any{"users": found, "limit": limit, "page": 1, "total_users": len(found)}, nil
}

func (s *Service) showUser(r *http.Request) (any, *problem) {
	u := s.userByID(r)
	if u == nil {
		return nil, userNotFound
	}
	return map[string]any{"user": u}, nil
}

func (s *Service) listDevices(r *http.Request) (any, *problem) {
	u := s.userByID(r)
	if u == nil {
		return nil, userNotFound
	}
	return map[string]any{"devices": u.Devices}, nil
}

func (s *Service) deleteDevice(r *http.Request) (any, *problem) {
	u := s.userByID(r)
	if u == nil {
		return nil, userNotFound
	}
	i := slices.IndexFunc(u.Devices, func(d Device) bool { return d.ID == r.PathValue("device") })
	if i < 0 {
		return nil, deviceNotFound
	}
	u.Devices = slices.Delete(u.Devices, i, i+1)
	return nil, nil
}

func (s *Service) userByID(r *http.Request) *user {
	i := slices.IndexFunc(s.users, func(u *user) bool { return u.ID == r.PathValue("user") })
	if i < 0 {
		return nil
	}
	return s.users[i]
}
