// One picture, or up to three mixed. How many, and whether they are faded, is settled when the
// program is built. Uniforms are few and packed: drawn in software, each costs as much as several
// sums.
out vec4 colour;
#ifdef VEIL
uniform vec3 weights; // of bottom, top and veil; what is missing to 1 is black
#elif defined(FADED)
uniform vec2 weights;
#endif

void main() {
#ifdef FADED
    vec3 light = to_light(bottom()) * weights.x;
#ifdef TOP
    light += to_light(top()) * weights.y;
#endif
#ifdef VEIL
    light += to_light(veil()) * weights.z;
#endif
    colour = vec4(to_srgb(light), 1.0);
#else
    colour = vec4(bottom(), 1.0);
#endif
}
