// The HUD: a picture with its transparency already multiplied in.
in vec2 bottom_uv;
out vec4 colour;
uniform sampler2D bottom_first;

void main() {
    colour = texture(bottom_first, bottom_uv);
}
